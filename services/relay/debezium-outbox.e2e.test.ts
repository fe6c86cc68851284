import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { kafkaBrokers, readToEnd, uniqueTopic } from "../../test/support/kafka.ts";
import type { ServiceProcess } from "../../test/support/service-process.ts";
import { type CliRun, runRelayCli } from "./testing/running-cli.ts";
import { spawnRelay } from "./testing/running-relay.ts";

// An outbox that another publisher had, with the names and columns that Debezium's event router documents.

let database: TestDatabase;
let pool: pg.Pool;
let topic: string;
let name: string;
let variables: Record<string, string>;
let writing = false;
let writers: Promise<unknown> = Promise.resolve();
const relays: ServiceProcess[] = [];

vi.setConfig({ testTimeout: 120_000 });

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  topic = uniqueTopic("debezium");
  name = `${database.name}_slot`;
  variables = {
    RELAY_TABLE: "outboxevent",
    RELAY_PUBLICATION: "outboxevent",
    RELAY_COLUMNS: "aggregate_type=aggregatetype,aggregate_id=aggregateid,event_type=type",
    RELAY_TOPICS: `order=${topic}`,
    RELAY_TICK_INTERVAL_MS: "200",
  };
  await pool.query(`
    create table outboxevent (
      id            uuid         not null primary key,
      aggregatetype varchar(255) not null,
      aggregateid   varchar(255) not null,
      type          varchar(255) not null,
      payload       jsonb
    )`);
});

afterEach(async () => {
  writing = false;
  await writers;
  for (const relay of relays.splice(0)) await relay.end("SIGKILL");
  await pool.end();
  await database.drop();
});

function spawn(more: Record<string, string> = {}): ServiceProcess {
  const relay = spawnRelay({
    databaseUrl: database.relayUrl,
    slot: name,
    topic,
    more: { ...variables, ...more },
  });
  relays.push(relay);
  return relay;
}

function outbox(...args: string[]): Promise<CliRun> {
  return runRelayCli(args, {
    ...variables,
    DATABASE_URL: database.operatorUrl,
    RELAY_NAME: name,
    RELAY_SLOT: name,
    KAFKA_BROKERS: kafkaBrokers().join(),
  });
}

/** As psql runs it. */
async function adopt(): Promise<void> {
  const script = await readFile(new URL("../../sql/debezium-outbox.sql", import.meta.url), "utf8");
  const client = await pool.connect();
  for (const part of script.split(/\n\s*\n/)) await client.query(part);
  client.release();
}

/** Sessions that know of Debezium's columns only, some of it rolled back. */
function write(): void {
  writing = true;
  const session = async (key: string) => {
    const client = await pool.connect();
    for (let version = 1; writing; version++) {
      await client.query("begin");
      await client.query(
        `insert into outboxevent (id, aggregatetype, aggregateid, type, payload)
         values (gen_random_uuid(), 'order', $1, 'OrderChanged', jsonb_build_object('version', $2::int))`,
        [`${key}-${version % 5}`, version],
      );
      await client.query(version % 7 === 0 ? "rollback" : "commit");
      await delay(2);
    }
    client.release();
  };
  writers = Promise.all([session("a"), session("b")]);
}

/** How many rows the checkpoint covers. */
async function published(): Promise<number> {
  const { rows } = await pool.query(
    `select count(*)::int as count from outboxevent o, relay_checkpoint c
      where c.relay = $1 and (pg_visible_in_snapshot(transaction_id, published)
                              or (pg_visible_in_snapshot(transaction_id, drain_snapshot) and position <= drain_position))`,
    [name],
  );
  return rows[0].count;
}

async function morePublished(): Promise<void> {
  const before = await published();
  await eventually(async () => expect(await published()).toBeGreaterThan(before + 50), {
    timeoutMs: 30_000,
    intervalMs: 100,
  });
}

const mode = async () =>
  (await pool.query("select mode from relay_checkpoint where relay = $1", [name])).rows[0]?.mode;

const reached = (wanted: string) =>
  eventually(async () => expect(await mode()).toBe(wanted), { timeoutMs: 30_000 });

test("it is published where it is, once and in order, in both modes, across kills and hand-overs, with writers that know nothing of it", async () => {
  write();
  await eventually(async () => {
    const { rows } = await pool.query("select count(*)::int as count from outboxevent");
    expect(rows[0].count).toBeGreaterThan(100);
  });
  await adopt();
  const { rows: old } = await pool.query("select id from outboxevent where transaction_id is null");
  expect(old.length).toBeGreaterThan(100);

  const first = spawn();
  await reached("cdc");
  await morePublished();
  await first.end("SIGKILL");
  spawn();
  await morePublished();
  expect(await outbox("mode", "polling")).toMatchObject({ exitCode: 0 });
  await reached("polling");
  await morePublished();
  await relays.at(-1)?.end("SIGKILL");
  spawn();
  await morePublished();
  expect(await outbox("mode", "default")).toMatchObject({ exitCode: 0 });
  await reached("cdc");
  await morePublished();
  writing = false;
  await writers;
  expect(await outbox("drain", "--timeout", "60")).toMatchObject({ exitCode: 0 });

  const { rows } = await pool.query(
    "select id, aggregateid as key, payload::text as payload from outboxevent where transaction_id is not null",
  );
  const records = await readToEnd(topic);
  expect(records.map(({ headers }) => headers.ce_id).toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
  const byId = new Map(rows.map((row) => [row.id, row]));
  const last = new Map<string, number>();
  for (const { key, value, headers } of records) {
    expect({ key, payload: value.toString() }).toEqual({
      key: byId.get(headers.ce_id).key,
      payload: byId.get(headers.ce_id).payload,
    });
    expect(headers).toMatchObject({
      ce_type: "OrderChanged",
      ce_aggregatetype: "order",
      ce_aggregateversion: "0",
    });
    const { version } = JSON.parse(value.toString());
    expect(version).toBeGreaterThan(last.get(key as string) ?? 0);
    last.set(key as string, version);
  }

  // Whoever looks after it goes by the same names.
  const status = await outbox("status", "--json");
  expect(JSON.parse(status.stdout)).toMatchObject({ status: "fine", figures: { unpublishedEvents: 0 } });
  const doctor = JSON.parse((await outbox("doctor", "--role", "outbox_relay", "--json")).stdout);
  for (const check of ["outbox table", "transaction index", "publication", "rights"]) {
    expect(doctor.findings).toContainEqual(expect.objectContaining({ check, status: "ok" }));
  }
  const replay = await outbox("replay", "--key", "a-1", "--dry-run", "--json");
  expect(JSON.parse(replay.stdout)).toMatchObject({ events: rows.filter(({ key }) => key === "a-1").length });
});

test.each(["polling", "auto"])(
  "as it was made (%s) it is refused with what it lacks and what to do",
  async (mode) => {
    const relay = spawn({ RELAY_MODE: mode });
    const { opsPort } = await relay.started();
    await eventually(
      async () => {
        const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
        expect(ready.status).toBe(503);
        expect(await ready.text()).toContain(
          "public.outboxevent has no column position, transaction_id, aggregate_version, headers, created_at; if it has another name, set " +
            "RELAY_COLUMNS, else add it: docs/operations.md, section 7",
        );
      },
      { timeoutMs: 20_000 },
    );
  },
);
