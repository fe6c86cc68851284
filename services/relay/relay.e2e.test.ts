import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { readTopic, uniqueTopic } from "../../test/support/kafka.ts";
import type { ServiceProcess } from "../../test/support/service-process.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow, insertRows } from "./testing/outbox-rows.ts";
import { isReady, type RelayUnderTest, spawnRelay, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let pool: pg.Pool;
let topic: string;
let slot: string;
const running: RelayUnderTest[] = [];
const processes: ServiceProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  topic = uniqueTopic("relay");
  slot = `${database.name}_slot`;
});

afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
  for (const relay of processes.splice(0)) await relay.end("SIGKILL");
  await pool.end();
  await database.drop();
});

const environment = (more: Record<string, string> = {}) => ({
  databaseUrl: database.relayUrl,
  slot,
  topic,
  more,
});

async function start(more?: Record<string, string>): Promise<RelayUnderTest> {
  const relay = await startRelay(environment(more));
  running.push(relay);
  return relay;
}

async function stop(relay: RelayUnderTest): Promise<void> {
  running.splice(running.indexOf(relay), 1);
  await relay.stop();
}

function spawn(more?: Record<string, string>): ServiceProcess {
  const relay = spawnRelay(environment(more));
  processes.push(relay);
  return relay;
}

async function statusCounts(): Promise<Record<string, number>> {
  const { rows } = await pool.query("select status, count(*)::int from outbox_status group by 1");
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

const allProcessed = (count: number) =>
  eventually(async () => expect(await statusCounts()).toEqual({ processed: count }), { timeoutMs: 20_000 });

describe.each([
  ["cdc", "kafkajs"],
  ["polling", "kafkajs"],
  ["cdc", "platformatic"],
])("in %s mode, with %s", (mode, kafkaClient) => {
  const settings = { RELAY_MODE: mode, KAFKA_CLIENT: kafkaClient };

  test("rows from before the first start, and rows from after it, come once each, in order per key", async () => {
    await insertRows(pool, { count: 2_500, keys: 50 });
    await isReady(await start(settings));
    await insertRows(pool, { count: 500, keys: 50, firstVersion: 1_000 });
    for (let i = 0; i < 20; i++) await insertRow(pool, { aggregateId: "single", version: i });
    await allProcessed(3_020);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 3_020, ...nothingWrong });
  });

  test("a transaction that rolls back publishes nothing", async () => {
    await isReady(await start(settings));
    const client = await pool.connect();
    await client.query("begin");
    await insertRows(client, { count: 10 });
    await client.query("rollback");
    await client.query("begin");
    await client.query("savepoint s");
    await insertRow(client, { aggregateId: "undone" });
    await client.query("rollback to s");
    await insertRow(client, { aggregateId: "kept" });
    await client.query("commit");
    client.release();
    await allProcessed(1);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 1, ...nothingWrong });
  });

  test("a transaction that commits after a later-numbered one is not missed", async () => {
    await isReady(await start(settings));
    const early = await pool.connect();
    try {
      await early.query("begin");
      await insertRow(early, { aggregateId: "early" });
      const later = await insertRow(pool, { aggregateId: "later" });
      await allProcessed(1);
      const [record] = await readTopic(topic, { count: 1 });
      expect(record?.headers.ce_id).toBe(later);
      await early.query("commit");
    } finally {
      early.release(true);
    }
    await allProcessed(2);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 2, ...nothingWrong });
  });

  test("orderly restarts under load lose and repeat nothing", async () => {
    let writing = true;
    const writer = (async () => {
      for (let version = 1; writing; version++) await insertRow(pool, { aggregateId: "busy", version });
    })();
    for (let i = 0; i < 4; i++) {
      const relay = await start(settings);
      await isReady(relay);
      const { rows } = await pool.query("select clock_timestamp() as now");
      await eventually(async () => {
        const seen = await pool.query(
          "select 1 from outbox_status where status = 'processed' and created_at > $1 limit 1",
          [rows[0].now],
        );
        expect(seen.rows).toHaveLength(1);
      });
      await stop(relay);
    }
    writing = false;
    await writer;
    await start(settings);
    const { rows } = await pool.query("select count(*)::int as count from outbox");
    await allProcessed(rows[0].count);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: rows[0].count, ...nothingWrong });
  });

  test("a killed relay loses and repeats nothing, and a start after it goes on in order", async () => {
    const first = spawn(settings);
    await insertRows(pool, { count: 1_000, keys: 20 });
    await readTopic(topic, { count: 1 }).catch(() => {});
    await first.end("SIGKILL");
    await insertRows(pool, { count: 1_000, keys: 20, firstVersion: 1_000 });
    await start(settings);
    await allProcessed(2_000);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 2_000, ...nothingWrong });
  });

  test("a second relay of the same name stands by, ready, and takes over when the first is killed", async () => {
    const first = spawn(settings);
    await insertRow(pool);
    await allProcessed(1);
    await isReady(await start(settings));
    await insertRows(pool, { count: 100 });
    await allProcessed(101);
    expect((await checkOutbox(pool, topic)).repeated).toEqual([]);
    await first.end("SIGKILL");
    await insertRows(pool, { count: 100, firstVersion: 100 });
    await allProcessed(201);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 201, ...nothingWrong });
  });
});

test("the modes follow one another, both ways, without losing or repeating anything", async () => {
  for (const [round, mode] of ["cdc", "polling", "cdc", "polling"].entries()) {
    const relay = await start({ RELAY_MODE: mode });
    await insertRows(pool, { count: 200, firstVersion: 1 + round * 1_000 });
    await allProcessed((round + 1) * 200);
    await stop(relay);
  }
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 800, ...nothingWrong });
});

test("a slot that somebody dropped and made anew is noticed, and the gap is published from the table", async () => {
  const relay = await start();
  await insertRow(pool);
  await allProcessed(1);
  await stop(relay);
  await pool.query("select pg_drop_replication_slot($1)", [slot]);
  await insertRows(pool, { count: 50 });
  await pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  await start();
  await allProcessed(51);
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 51, ...nothingWrong });
});

test("an idle outbox beside busy tables does not hold back the WAL", async () => {
  await isReady(await start({ RELAY_TICK_INTERVAL_MS: "100" }));
  await pool.query("create table busy (x int)");
  const { rows } = await pool.query(
    "insert into busy select generate_series(1, 1000) returning pg_current_wal_lsn()",
  );
  const written = rows[0].pg_current_wal_lsn;
  await eventually(
    async () => {
      // restart_lsn follows a record of the running transactions, which the server else writes every 15 s.
      await pool.query("checkpoint");
      const found = await pool.query(
        "select confirmed_flush_lsn >= $2 and restart_lsn >= $2 as moved from pg_replication_slots where slot_name = $1",
        [slot, written],
      );
      expect(found.rows[0].moved).toBe(true);
    },
    { timeoutMs: 25_000 },
  );
});

test("where only the WAL may be read, a missing publication is named by readiness, and once made nothing is missed", async () => {
  await pool.query("drop publication outbox");
  const relay = await start({ RELAY_MODE: "cdc" });
  await insertRow(pool);
  await eventually(async () => {
    const response = await fetch(`${relay.opsUrl}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/publication outbox does not exist/);
  });
  await pool.query(
    "create publication outbox for table outbox with (publish = 'insert', publish_via_partition_root = true)",
  );
  await allProcessed(1);
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 1, ...nothingWrong });
});

test("a cut walsender is opened again, and nothing is lost or repeated", async () => {
  await isReady(await start());
  let writing = true;
  const writer = (async () => {
    for (let version = 1; writing; version++) await insertRow(pool, { aggregateId: "busy", version });
  })();
  for (let i = 0; i < 4; i++) {
    await eventually(async () => {
      const { rowCount } = await pool.query(
        "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active",
        [slot],
      );
      expect(rowCount).toBe(1);
    });
  }
  writing = false;
  await writer;
  const { rows } = await pool.query("select count(*)::int as count from outbox");
  await allProcessed(rows[0].count);
  expect(await checkOutbox(pool, topic)).toEqual({ committed: rows[0].count, ...nothingWrong });
});
