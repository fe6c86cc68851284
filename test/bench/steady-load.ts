import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresProgram } from "../../deploy/local/postgres-programs.mjs";
import { runProgram } from "../../deploy/local/run-program.ts";
import type { KafkaRecord } from "../support/kafka.ts";
import type { Backlog } from "./backlog.ts";

/** What was written. */
export interface SteadyLoad {
  readonly events: number;
  /**
   * From the commit of the record's event to the broker's append; ms. The broker's clock has whole milliseconds, rounded down: what
   * is told is the longest that it can have been. Of events that were written while warming up it is undefined.
   */
  latencyOf(record: KafkaRecord): number | undefined;
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

/** One-row transactions, by pgbench: at random moments, and late ones are not left out. */
export async function writeSteadily(backlog: Backlog, rate: number): Promise<SteadyLoad> {
  const pgbench = postgresProgram("pgbench");
  await backlog.pool.query("create sequence if not exists bench_version");
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-bench-"));
  try {
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
    await runProgram(pgbench, [...load, backlog.databaseUrl]);
  } finally {
    await rm(folder, { recursive: true });
  }
  const commits = await commitTimes(backlog);
  const begin = Math.min(...commits.values()) + WARM_UP_MS;
  return {
    events: commits.size,
    latencyOf({ headers, timestamp }) {
      const committed = commits.get(headers.ce_id ?? "") ?? 0;
      return committed >= begin ? timestamp + 1 - committed : undefined;
    },
  };
}

/** Event id to ms since 1970. */
async function commitTimes({ pool }: Backlog): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ id: string; at: number }>(
    `select id, extract(epoch from pg_xact_commit_timestamp(transaction_id::xid))::float8 * 1000 as at from outbox`,
  );
  return new Map(rows.map(({ id, at }) => [id, at]));
}
