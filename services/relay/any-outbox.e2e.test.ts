import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { createTopic, type KafkaRecord, readTopic, uniqueTopic } from "../../test/support/kafka.ts";
import { partitionOf } from "./infrastructure/kafka/partition-of.ts";
import { type RelayUnderTest, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let pool: pg.Pool;
let relay: RelayUnderTest | undefined;

const table = '"Shop"."Outbox"';
const publication = 'Out"box, é';

/** An outbox of somebody else: names that need quotes, and sessions whose dates are written in another way. */
beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  await pool.query(`
    alter database ${database.name} set timezone = 'Asia/Kolkata';
    alter database ${database.name} set datestyle = 'German, DMY';
    create schema "Shop";
    create table ${table} (like public.outbox including defaults);
    create publication ${pg.escapeIdentifier(publication)} for table ${table} with (publish = 'insert');
    grant usage on schema "Shop" to outbox_relay;
    grant select on ${table} to outbox_relay`);
});

afterEach(async () => {
  await relay?.stop();
  await pool.end();
  await database.drop();
});

const payloads = [
  '{"id": 9007199254740993, "min": -9223372036854775808, "huge": 123456789012345678901234567890.00100}',
  '{"zeta": 1, "alpha": [1.0, 1.10, 1e3, -0.0], "nested": {"deep": [[[{"n": 18446744073709551615}]]]}}',
  '{"name": "Пункт выдачи — 東京 🎁", "e\u0301": "é", "quote": "\\"\\\\/", "control": "\\u0001\\t\\n"}',
  '"a text alone"',
  "12345678901234567890",
  "[]",
  "null",
];
const headers = '{"traceparent": "00-ab-cd-01", "n": 9007199254740993, "имя": "значение"}';

test.each(["cdc", "polling"])(
  "from any outbox of this shape (%s) payloads, keys, headers and times arrive exactly as Postgres has them",
  async (mode) => {
    for (const [i, payload] of payloads.entries()) {
      await pool.query(
        `insert into ${table} (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, created_at)
         values (gen_random_uuid(), 'парсел', $1, 9007199254740993, 'Событие', $2, $3, $4)`,
        [`ключ-${i}`, payload, headers, `2026-11-24 23:59:59.12345${i}+00`],
      );
    }
    const topic = uniqueTopic("any-outbox");
    await createTopic({ topic, partitions: 6 });
    relay = await startRelay({
      databaseUrl: database.relayUrl,
      slot: `${database.name}_slot`,
      topic,
      more: {
        RELAY_MODE: mode,
        RELAY_TABLE: "Shop.Outbox",
        RELAY_PUBLICATION: publication,
        RELAY_TOPICS: `парсел=${topic}`,
      },
    });
    const before = await readTopic(topic, { count: payloads.length, timeoutMs: 25_000 });
    // Those came from the table in either mode: the slot was made after them. What follows comes through the stream in cdc.
    const walsender = mode === "cdc" ? await activePid() : undefined;
    await pool.query(
      `insert into ${table} (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, created_at)
       select gen_random_uuid(), aggregate_type, aggregate_id || '-again', aggregate_version, event_type, payload, headers, created_at
         from ${table}`,
    );
    const records = await readTopic(topic, { count: 2 * payloads.length, timeoutMs: 25_000 });
    if (walsender !== undefined) expect(await activePid()).toBe(walsender);
    expect(records.map(({ key }) => key)).toEqual(expect.arrayContaining(before.map(({ key }) => key)));

    const byId = new Map(records.map((record) => [record.headers.ce_id, record]));
    const { rows } = await pool.query(
      `select id, aggregate_id, payload::text,
              to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time from ${table}`,
    );
    expect(rows).toHaveLength(2 * payloads.length);
    for (const row of rows) {
      const record = byId.get(row.id) as KafkaRecord;
      expect(record.value).toEqual(Buffer.from(row.payload));
      expect(record.key).toBe(row.aggregate_id);
      expect(record.partition).toBe(partitionOf(Buffer.from(row.aggregate_id), 6));
      expect(record.headers).toMatchObject({
        ce_time: row.time.replace(/0+Z$/, "Z"),
        ce_subject: row.aggregate_id,
        ce_type: "Событие",
        ce_aggregatetype: "парсел",
        ce_aggregateversion: "9007199254740993",
        traceparent: "00-ab-cd-01",
        n: "9007199254740993",
        имя: "значение",
      });
    }
  },
);

/** The process that streams from the relay's slot, once there is one. */
function activePid(): Promise<number> {
  return eventually(async () => {
    const { rows } = await pool.query("select active_pid from pg_replication_slots where slot_name = $1", [
      `${database.name}_slot`,
    ]);
    expect(rows[0].active_pid).not.toBeNull();
    return rows[0].active_pid;
  });
}
