import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { commitTwoAdjacent } from "../../testing/adjacent-commits.ts";
import { insertRow, insertRows } from "../../testing/outbox-rows.ts";
import {
  openRecordedStream,
  outboxTable,
  type RecordedStream,
  recordStream,
} from "../../testing/recorded-stream.ts";
import { createReplicationStream } from "./replication-stream.ts";

let database: TestDatabase;
let pool: pg.Pool;
let slot: string;
const opened: RecordedStream[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  slot = `${database.name}_slot`;
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  await createSlot();
});

afterEach(async () => {
  for (const { stream } of opened.splice(0)) stream.destroy();
  await pool.end();
  await database.drop();
});

const createSlot = () => pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);

async function open(onEvent?: Parameters<typeof openRecordedStream>[1]): Promise<RecordedStream> {
  const recorded = await openRecordedStream({ databaseUrl: database.relayUrl, slot }, onEvent);
  opened.push(recorded);
  return recorded;
}

async function confirmedFlushLsn(): Promise<bigint> {
  const { rows } = await pool.query(
    "select confirmed_flush_lsn - '0/0' as lsn from pg_replication_slots where slot_name = $1",
    [slot],
  );
  return BigInt(rows[0].lsn);
}

const activePid = async () =>
  (await pool.query("select active_pid from pg_replication_slots where slot_name = $1", [slot])).rows[0]
    .active_pid;

test("of two commits adjacent in the WAL, confirming the first does not lose the second", async () => {
  const before = await open();
  const [first, second] = await commitTwoAdjacent(pool, before);
  before.stream.confirm(first.endLsn);
  await before.stream.stop();
  expect(await confirmedFlushLsn()).toBe(first.endLsn);

  const after = await open();
  await eventually(() => expect(after.transactions).toHaveLength(1));
  expect(after.events[0]?.id).toBe(second.events[0]?.id);
});

test("what was received but not confirmed comes again on the next connection, from the first event on", async () => {
  const before = await open();
  await insertRows(pool, { count: 20 });
  await eventually(() => expect(before.transactions).toHaveLength(1));
  before.stream.destroy();
  await eventually(async () => expect(await activePid()).toBeNull());
  const after = await open();
  await eventually(() => expect(after.transactions).toHaveLength(1));
  expect(after.events.map(({ id }) => id)).toEqual(before.events.map(({ id }) => id));
});

test("each opening of the same stream starts at the slot's own position, whatever the one before has received", async () => {
  const stream = createReplicationStream({
    databaseUrl: database.relayUrl,
    relay: "test",
    slot,
    publication: "outbox",
    table: outboxTable,
  });
  for (let i = 0; i < 3; i++) {
    await insertRow(pool);
    const recorded = await recordStream(stream);
    opened.push(recorded);
    await eventually(() => expect(recorded.transactions).toHaveLength(i + 1));
    recorded.stream.destroy();
    await eventually(async () => expect(await activePid()).toBeNull());
  }
});

test("the server neither hangs up on a quiet or paused stream nor hears of anything that was not confirmed", async () => {
  await pool.query(`alter database ${database.name} set wal_sender_timeout = '1s'`);
  const start = await confirmedFlushLsn();
  const recorded = await open();
  let lost: Error | undefined;
  void recorded.stream.lost.then((error) => {
    lost = error;
  });
  await insertRow(pool);
  await eventually(() => expect(recorded.transactions).toHaveLength(1));
  // Longer than the server's timeout, with the socket read and then with it paused: keepalives are not seen then.
  await untilServerHeardOf(recorded, 1_500);
  recorded.stream.pause();
  await insertRow(pool);
  await untilServerHeardOf(recorded, 2_500);
  expect(recorded.transactions).toHaveLength(1);
  recorded.stream.resume();
  await eventually(() => expect(recorded.transactions).toHaveLength(2));
  expect(lost).toBeUndefined();
  expect(await confirmedFlushLsn()).toBe(start);
});

/** Waits until the server has had status updates for `ms` after now. */
async function untilServerHeardOf(_: RecordedStream, ms: number): Promise<void> {
  const { rows } = await pool.query("select clock_timestamp() + $1::int * interval '1 ms' as until", [ms]);
  await eventually(async () => {
    const { rows: replies } = await pool.query(
      "select 1 from pg_stat_replication where pid = $1 and reply_time > $2",
      [await activePid(), rows[0].until],
    );
    expect(replies).toHaveLength(1);
  });
}

test("a paused stream delivers no more than what was on its way, and everything once resumed", async () => {
  const recorded = await open((event) => {
    if (event.position === "1") recorded.stream.pause();
  });
  await insertRows(pool, { count: 5_000, payloadBytes: 1_000 });
  await eventually(() => expect(recorded.events.length).toBeGreaterThan(0));
  const whilePaused = recorded.events.length;
  await pool.query("select pg_sleep(0.3)");
  expect(recorded.events.length).toBe(whilePaused);
  expect(whilePaused).toBeLessThan(500);
  recorded.stream.resume();
  await eventually(() => expect(recorded.transactions).toHaveLength(1));
  expect(recorded.events).toHaveLength(5_000);
});

test("an error while an event is taken loses the stream and does not reach the process", async () => {
  const recorded = await open(() => {
    throw new Error("planted");
  });
  await insertRow(pool);
  await expect(recorded.stream.lost).resolves.toMatchObject({ code: "STREAM_LOST", message: /planted/ });
  expect(recorded.events).toHaveLength(1);
});

test("a stream that cannot be started is rejected with the reason and leaves no walsender behind", async () => {
  const holder = await open();
  await expect(open()).rejects.toThrow(/is active for PID/);
  await holder.stream.stop();
  await pool.query("select pg_drop_replication_slot($1)", [slot]);
  await expect(open()).rejects.toThrow(/does not exist/);
  await eventually(async () => {
    const { rows } = await pool.query(
      "select pid from pg_stat_activity where backend_type = 'walsender' and datname = current_database()",
    );
    expect(rows).toEqual([]);
  });
  await createSlot();
});

test("the last confirmation has reached the server when stop resolves, also with much still unread", async () => {
  const recorded = await open();
  await insertRow(pool);
  await eventually(() => expect(recorded.transactions).toHaveLength(1));
  const endLsn = recorded.transactions[0]?.endLsn ?? 0n;
  recorded.stream.pause();
  await insertRows(pool, { count: 20_000, payloadBytes: 1_000 });
  await eventually(async () => {
    const { rows } = await pool.query("select wait_event from pg_stat_activity where pid = $1", [
      await activePid(),
    ]);
    expect(rows[0].wait_event).toBe("WalSenderWriteData");
  });
  recorded.stream.confirm(endLsn);
  await recorded.stream.stop();
  expect(await activePid()).toBeNull();
  expect(await confirmedFlushLsn()).toBe(endLsn);
});

test("a terminated walsender is a lost stream, with the reason", async () => {
  const recorded = await open();
  await pool.query("select pg_terminate_backend($1)", [await activePid()]);
  await expect(recorded.stream.lost).resolves.toMatchObject({ code: "STREAM_LOST" });
});

test("a publication that is missing at this point of the WAL ends the stream instead of skipping the outbox", async () => {
  const recorded = await openRecordedStream({
    databaseUrl: database.relayUrl,
    slot,
    publication: "misspelt",
  });
  opened.push(recorded);
  await insertRow(pool);
  const error = await recorded.stream.lost;
  expect(error.message).toMatch(/misspelt/);
});

test("20,000 rows of one statement come complete, in order, with each payload's exact bytes", async () => {
  const recorded = await open();
  await pool.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
     select gen_random_uuid(), 'order', 'key-' || i, i, 'OrderCreated',
            ('{"total": ' || (9007199254740993 + i) || ', "name": "Пункт выдачи — 東京", "price": 0.10}')::jsonb
       from generate_series(1, 20000) i`,
  );
  await eventually(() => expect(recorded.transactions).toHaveLength(1));
  const { rows } = await pool.query("select id, aggregate_id, payload::text from outbox order by position");
  const asRow = (e: OutboxEvent) => ({
    id: e.id,
    aggregate_id: e.key.toString(),
    payload: e.payload.toString(),
  });
  expect(recorded.events.map(asRow)).toEqual(rows);
});
