import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { postgresProgram } from "../../deploy/local/postgres-programs.mjs";
import type { Backlog } from "./backlog.ts";

const POLL_MS = 2;
/** More than it writes to its connection before the first change comes. */
const FIRST_OUTPUT_BYTES = 20_000;

/**
 * Events per second of a tool that only reads: Postgres' own `pg_recvlogical`, with the options that the relay streams with, into
 * /dev/null. From the first output to the end, as the relay is measured.
 */
export async function readLimit(backlog: Backlog, rows: number): Promise<number> {
  const slot = await backlog.openSlot();
  const options = ["proto_version=1", "publication_names=outbox", "messages=true"].flatMap((option) => [
    "-o",
    option,
  ]);
  const child = spawn(
    postgresProgram("pg_recvlogical"),
    [
      "-d",
      backlog.databaseUrl,
      "-S",
      slot,
      "--start",
      "-E",
      backlog.endLsn,
      "-n",
      "-f",
      "/dev/null",
      ...options,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  let first: number | undefined;
  const timer = setInterval(() => {
    if (written(child.pid) < FIRST_OUTPUT_BYTES) return;
    first = performance.now();
    clearInterval(timer);
  }, POLL_MS);
  const [code] = await once(child, "close");
  clearInterval(timer);
  if (code !== 0 || first === undefined) throw new Error(`pg_recvlogical failed: ${errors}`);
  const seconds = (performance.now() - first) / 1000;
  await backlog.pool.query("select pg_drop_replication_slot($1)", [slot]);
  return rows / seconds;
}

function written(pid: number | undefined): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
