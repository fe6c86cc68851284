import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { insertRow, insertRows } from "../../testing/outbox-rows.ts";
import { outboxTable } from "../../testing/recorded-stream.ts";
import { createOutboxFigures } from "./outbox-figures.ts";

const relay = "orders";
let database: TestDatabase;
let owner: pg.Pool;
/** As the role outbox_relay. */
let pool: pg.Pool;

beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  pool = new pg.Pool({ connectionString: database.relayUrl, max: 1 });
});

afterEach(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

const read = () =>
  createOutboxFigures(pool, { relay, slot: `${database.name}_slot`, table: outboxTable }).read();

async function snapshot(): Promise<string> {
  return (await owner.query("select pg_current_snapshot()::text as now")).rows[0].now;
}

const publishedIs = (published: string, drainSnapshot?: string, position?: string) =>
  owner.query(
    `insert into relay_checkpoint (relay, published, drain_snapshot, drain_position, epoch, leader, mode)
     values ($1, $2, $3, $4, 3, 'host 1', 'polling')
     on conflict (relay) do update
       set published = excluded.published, drain_snapshot = excluded.drain_snapshot, drain_position = excluded.drain_position`,
    [relay, published, drainSnapshot, position],
  );

async function positions(): Promise<string[]> {
  const { rows } = await owner.query("select position::text from outbox order by outbox.position");
  return rows.map(({ position }) => position);
}

const age = (seconds: number, id: string) =>
  owner.query("update outbox set created_at = created_at - make_interval(secs => $1) where id = $2", [
    seconds,
    id,
  ]);

const deadLetter = (id: string, reason: string | null) =>
  owner.query(
    `insert into outbox_dead_letter (relay, id, position, transaction_id, aggregate_type, aggregate_id, aggregate_version,
                                     event_type, payload, headers, created_at, reason)
     select $1, id, position, transaction_id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers,
            created_at, $3
       from outbox where id = $2`,
    [relay, id, reason],
  );

test("before a relay has ever led, all that is in the outbox waits", async () => {
  await insertRows(owner, { count: 3 });
  expect(await read()).toMatchObject({
    unpublishedEvents: 3,
    unpublishedIsAtLeast: false,
    epoch: 0n,
    mode: undefined,
    leader: undefined,
    replicas: [],
    slot: undefined,
  });
});

test("what the checkpoint covers does not wait, and the age is of the oldest that does", async () => {
  await insertRows(owner, { count: 5 });
  await publishedIs(await snapshot());
  expect(await read()).toMatchObject({
    unpublishedEvents: 0,
    oldestUnpublishedAgeMs: 0,
    epoch: 3n,
    mode: "polling",
  });
  await age(60, await insertRow(owner));
  await insertRow(owner);
  const { unpublishedEvents, oldestUnpublishedAgeMs } = await read();
  expect(unpublishedEvents).toBe(2);
  expect(oldestUnpublishedAgeMs).toBeGreaterThanOrEqual(60_000);
  expect(oldestUnpublishedAgeMs).toBeLessThan(70_000);
});

test("a transaction that was in progress in the checkpoint's snapshot waits once it has committed", async () => {
  const late = await owner.connect();
  await late.query("begin");
  await insertRow(late);
  await insertRows(owner, { count: 5 });
  await publishedIs(await snapshot());
  expect(await read()).toMatchObject({ unpublishedEvents: 0 });
  await late.query("commit");
  late.release();
  expect(await read()).toMatchObject({ unpublishedEvents: 1 });
});

test("of a drain under way what is behind its position does not wait, but for what committed after its snapshot", async () => {
  const late = await owner.connect();
  await late.query("begin");
  await insertRow(late);
  for (let i = 0; i < 10; i++) await insertRow(owner);
  const drainSnapshot = await snapshot();
  await publishedIs("1:1:", drainSnapshot, (await positions())[6]);
  expect(await read()).toMatchObject({ unpublishedEvents: 3 });
  await late.query("commit");
  late.release();
  await insertRow(owner);
  expect(await read()).toMatchObject({ unpublishedEvents: 5 });
});

test("events among the dead letters are told as such, and do not count as waiting", async () => {
  const refused = await insertRow(owner, { aggregateId: "a" });
  const behind = await insertRow(owner, { aggregateId: "a" });
  const other = await insertRow(owner, { aggregateId: "b" });
  await age(1_000, refused);
  await deadLetter(refused, "too_large");
  await deadLetter(behind, null);
  const { oldestUnpublishedAgeMs, ...state } = await read();
  expect(state).toMatchObject({ unpublishedEvents: 1, deadLetters: 1, parkedEvents: 1 });
  expect(oldestUnpublishedAgeMs).toBeLessThan(900_000);
  await deadLetter(other, "no_topic");
  expect(await read()).toMatchObject({ unpublishedEvents: 0, oldestUnpublishedAgeMs: 0, deadLetters: 2 });
});

test("the database's clock is compared with this process's", async () => {
  expect(Math.abs((await read()).clockSkewMs)).toBeLessThan(1_000);
});
