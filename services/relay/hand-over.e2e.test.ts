import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, rolePassword, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { replicationRefused } from "../../test/support/servers.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, type RelayUnderTest, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let pool: pg.Pool;
let topic: string;
let slot: string;
/** A role of its own: rights are the cluster's, and other tests must not lose theirs. */
let role: string;
let relay: RelayUnderTest | undefined;
let writing: boolean;
let writers: Promise<unknown>;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  topic = uniqueTopic("hand-over");
  slot = `${database.name}_slot`;
  role = `relay_${randomBytes(4).toString("hex")}`;
  await pool.query(`create role ${role} login replication password '${rolePassword}' in role outbox_relay`);
});

afterEach(async () => {
  writing = false;
  await writers;
  await relay?.stop();
  relay = undefined;
  await pool.query(`drop role ${role}`);
  await pool.end();
  await database.drop();
});

async function start(more: Record<string, string> = {}): Promise<void> {
  const url = new URL(database.relayUrl);
  url.username = role;
  relay = await startRelay({
    databaseUrl: url.href,
    slot,
    topic,
    more: { RELAY_TICK_INTERVAL_MS: "200", ...more },
  });
  await isReady(relay);
}

/** Two sessions that write without a pause, some of it rolled back. */
function write(): void {
  writing = true;
  const session = async (name: string) => {
    const client = await pool.connect();
    for (let version = 1; writing; version++) {
      await client.query("begin");
      await insertRow(client, { aggregateId: `${name}-${version % 5}`, version });
      await client.query(version % 7 === 0 ? "rollback" : "commit");
    }
    client.release();
  };
  writers = Promise.all([session("a"), session("b")]);
}

const modes = async (): Promise<string[]> =>
  (await pool.query("select to_mode from relay_history order by id")).rows.map(({ to_mode }) => to_mode);

const reached = (...expected: string[]) =>
  eventually(async () => expect(await modes()).toEqual(expected), { timeoutMs: 20_000 });

/** So that there is something to lose or to repeat in each mode. */
async function someArePublished(): Promise<void> {
  const { rows } = await pool.query("select clock_timestamp() as now");
  await eventually(
    async () => {
      const seen = await pool.query(
        "select 1 from outbox_status where status = 'processed' and created_at > $1 limit 1",
        [rows[0].now],
      );
      expect(seen.rows).toHaveLength(1);
    },
    { timeoutMs: 20_000 },
  );
}

async function endAndCheck(): Promise<void> {
  writing = false;
  await writers;
  const { rows } = await pool.query("select count(*)::int as count from outbox");
  await eventually(
    async () => {
      const left = await pool.query("select 1 from outbox_status where status = 'new' limit 1");
      expect(left.rows).toEqual([]);
    },
    { timeoutMs: 20_000 },
  );
  expect(await checkOutbox(pool, topic)).toEqual({ committed: rows[0].count, ...nothingWrong });
}

const killWalsender = () =>
  pool.query("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1", [
    slot,
  ]);

test("without the right to replicate it polls, and with it again it streams; nothing is lost or repeated", {
  timeout: 90_000,
}, async () => {
  await start();
  write();
  await reached("cdc");
  await pool.query(`alter role ${role} noreplication`);
  await killWalsender();
  await reached("cdc", "polling");
  await someArePublished();
  await pool.query(`alter role ${role} replication`);
  await reached("cdc", "polling", "cdc");
  await someArePublished();
  await endAndCheck();
  const metrics = await (await fetch(`${relay?.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(
    /outbox_mode_transitions_total\{from="cdc",to="polling",reason="no_replication_right"\} 1/,
  );
  expect(metrics).toMatch(/outbox_mode_transitions_total\{from="polling",to="cdc",reason="recovered"\} 1/);
  const { rows } = await pool.query("select reason from relay_history where to_mode = 'polling'");
  expect(rows[0].reason).toMatch(new RegExp(`${replicationRefused()}.*alter role`));
});

test("without the publication it polls; made anew, though the WAL has a stretch without it, it streams again", {
  timeout: 90_000,
}, async () => {
  await start();
  write();
  await reached("cdc");
  await pool.query("drop publication outbox");
  await reached("cdc", "polling");
  await someArePublished();
  await pool.query(
    "create publication outbox for table outbox with (publish = 'insert', publish_via_partition_root = true)",
  );
  await eventually(async () => expect((await modes()).at(-1)).toBe("cdc"), { timeoutMs: 30_000 });
  await someArePublished();
  await endAndCheck();
});

test("a slot that is dropped under the relay is made anew, and what it missed comes from the table", {
  timeout: 90_000,
}, async () => {
  await start();
  write();
  await reached("cdc");
  await eventually(async () => {
    await killWalsender();
    await pool.query("select pg_drop_replication_slot($1)", [slot]);
  });
  await someArePublished();
  await eventually(async () => expect((await modes()).at(-1)).toBe("cdc"), { timeoutMs: 20_000 });
  await endAndCheck();
});

test("while a transaction that is open keeps the slot from being made, events flow by polling", {
  timeout: 90_000,
}, async () => {
  const open = await pool.connect();
  await open.query("begin");
  await insertRow(open, { aggregateId: "open" });
  const kept = setInterval(() => void open.query("select 1"), 1_000);
  try {
    await start();
    write();
    await reached("polling");
    await someArePublished();
    await open.query("commit");
  } finally {
    clearInterval(kept);
    open.release();
  }
  await reached("polling", "cdc");
  await someArePublished();
  await endAndCheck();
});
