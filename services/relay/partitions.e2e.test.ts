import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, type RelayUnderTest, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let pool: pg.Pool;
let topic: string;
const running: RelayUnderTest[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  topic = uniqueTopic("partitions");
});

afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
  await pool.end();
  await database.drop();
});

async function start(more: Record<string, string>): Promise<RelayUnderTest> {
  const relay = await startRelay({
    databaseUrl: database.relayUrl,
    slot: `${database.name}_slot`,
    topic,
    more: { RELAY_RETENTION_HOURS: "0", ...more },
  });
  running.push(relay);
  return relay;
}

async function stop(relay: RelayUnderTest): Promise<void> {
  running.splice(running.indexOf(relay), 1);
  await relay.stop();
}

async function makeOldPartition(daysAgo: number): Promise<string> {
  const { rows } = await pool.query(
    `select to_char(day, 'YYYYMMDD') as name, day::text || '+00' as begin, (day + interval '1 day')::text || '+00' as end
       from (select date_trunc('day', now() at time zone 'utc') - make_interval(days => $1) as day) days`,
    [daysAgo],
  );
  const [{ name, begin, end }] = rows;
  await pool.query(
    `create table outbox_p${name} partition of outbox for values from ('${begin}') to ('${end}');
     alter table outbox_p${name} owner to orders_owner`,
  );
  return `outbox_p${name}`;
}

async function insertOld(daysAgo: number, count: number): Promise<void> {
  await pool.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, created_at)
     select gen_random_uuid(), 'order', 'old-' || $1::int || '-' || i % 7, i, 'OrderCreated', '{}', now() - make_interval(days => $1)
       from generate_series(1, $2) i`,
    [daysAgo, count],
  );
}

const published = async () => {
  const { rows } = await pool.query("select count(*)::int as count from outbox_status where status = 'new'");
  expect(rows[0].count).toBe(0);
};

test.each(["cdc", "polling"])(
  "partitions go while the relay publishes (%s), and nothing is lost or repeated: not before it, not in what the slot still has to decode, not after it",
  async (mode) => {
    const relay = await start({ RELAY_MODE: mode });
    await isReady(relay);
    // The dropped rows are compared with the topic as well.
    await pool.query("create table kept as select * from outbox with no data");
    let writing = true;
    const writer = (async () => {
      for (let version = 1; writing; version++) await insertRow(pool, { aggregateId: "busy", version });
    })();
    for (const daysAgo of [40, 30]) {
      await makeOldPartition(daysAgo);
      await insertOld(daysAgo, 300);
      await pool.query("insert into kept select * from outbox where created_at < now() - interval '20 days'");
      await eventually(async () => {
        const { rows } = await pool.query("select outbox_drop_partition('10 days') as dropped");
        expect(rows[0].dropped).not.toBeNull();
      });
    }
    writing = false;
    await writer;
    await eventually(published);
    await stop(relay);
    // Back into the outbox, where what is on the topic is compared with.
    await pool.query("insert into outbox select * from kept");
    const { rows } = await pool.query("select count(*)::int as count from outbox");
    expect(rows[0].count).toBeGreaterThan(600);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: rows[0].count, ...nothingWrong });
  },
);

test("the WAL of a partition that has been dropped before the slot came to it is published all the same", async () => {
  const first = await start({ RELAY_MODE: "cdc" });
  // It streams: what follows is for the slot to give, not for the table.
  await eventually(async () => {
    const { rows } = await pool.query("select mode from relay_checkpoint");
    expect(rows).toEqual([{ mode: "cdc" }]);
  });
  await stop(first);
  await makeOldPartition(40);
  await insertOld(40, 50);
  await pool.query("create table kept as select * from outbox");
  // Not by the function, which would refuse.
  await pool.query(
    `do $$ declare partition text := (select tableoid::regclass from outbox limit 1);
     begin
       execute format('alter table outbox detach partition %s', partition);
       execute format('drop table %s', partition);
     end $$`,
  );
  await insertRow(pool, { aggregateId: "after" });
  const second = await start({ RELAY_MODE: "cdc" });
  await eventually(published);
  await stop(second);
  await pool.query("insert into outbox select * from kept");
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 51, ...nothingWrong });
});

test("the relay keeps the partitions itself: it makes those to come and drops what is past the retention", async () => {
  const old = [await makeOldPartition(40), await makeOldPartition(30)];
  await insertOld(40, 5);
  const { rows } = await pool.query(
    "select to_char((now() at time zone 'utc') + interval '3 days', 'YYYYMMDD') as day",
  );
  const missing = `outbox_p${rows[0].day}`;
  await pool.query(`drop table ${missing}`);
  const first = await start({});
  await eventually(published);
  await stop(first);
  await start({ RELAY_RETENTION_HOURS: "240" });
  await eventually(async () => {
    const found = await pool.query(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'outbox'::regclass",
    );
    const names = found.rows.map(({ name }) => name);
    expect(names).toContain(missing);
    expect(names).not.toContain(old[0]);
    expect(names).not.toContain(old[1]);
  });
});
