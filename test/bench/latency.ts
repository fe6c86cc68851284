import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPostgresProgram } from "../../deploy/local/postgres-programs.mjs";
import { runProgram } from "../../deploy/local/run-program.ts";
import type { Backlog } from "./backlog.ts";
import { startRelayRun } from "./relay-run.ts";
import { percentile } from "./statistics.ts";

/** ms from an event's commit, by `track_commit_timestamp`, to the broker's append. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

const SECONDS = 20;
/** Not counted: code that has not been compiled yet. */
const WARM_UP_MS = 4_000;
const WRITERS = 4;

/** Each writer has a key of its own, whose versions go up. */
const SCRIPT = `
insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
values (gen_random_uuid(), 'order', 'writer-' || :client_id::int, nextval('bench_version'), 'OrderCreated',
        jsonb_build_object('client', :client_id::int, 'padding', repeat('x', 150)));
`;

/**
 * One-row transactions at a steady rate (by pgbench: at random moments, and late ones are not left out). The broker's clock has
 * whole milliseconds, rounded down: what is told is the latest that it can have been.
 */
export async function measureLatency(
  backlog: Backlog,
  brokers: string,
  rate: number,
  settings: Readonly<Record<string, string>>,
): Promise<Latency> {
  await backlog.pool.query("create sequence if not exists bench_version");
  const run = await startRelayRun(backlog, brokers, settings);
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-bench-"));
  try {
    await run.process.ready();
    const script = join(folder, "insert.sql");
    await writeFile(script, SCRIPT);
    const load = [
      "-n",
      "-M",
      "prepared",
      "-f",
      script,
      "-c",
      `${WRITERS}`,
      "-R",
      `${rate}`,
      "-T",
      `${SECONDS}`,
    ];
    await runProgram(findPostgresProgram("pgbench") ?? "pgbench", [...load, backlog.databaseUrl]);
    const commits = await commitTimes(backlog);
    await run.published(commits.size);
    const begin = Math.min(...commits.values()) + WARM_UP_MS;
    const latencies: number[] = [];
    await run.finish(({ headers, timestamp }) => {
      const committed = commits.get(headers.ce_transactionid ?? "") ?? 0;
      if (committed >= begin) latencies.push(timestamp + 1 - committed);
    });
    return { p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
  } finally {
    await run.kill();
    await rm(folder, { recursive: true });
  }
}

/** Transaction id to ms since 1970. */
async function commitTimes({ pool }: Backlog): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ id: string; at: number }>(
    `select transaction_id::text as id,
            extract(epoch from pg_xact_commit_timestamp(transaction_id::xid))::float8 * 1000 as at
       from outbox`,
  );
  return new Map(rows.map(({ id, at }) => [id, at]));
}
