import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEmptyDatabase } from "../test/setup/template-database.ts";
import { asSuperuser, withDatabase } from "../test/support/database.ts";
import { eventually } from "../test/support/eventually.ts";
import { testServers } from "../test/support/servers.ts";
import { migrate } from "./migrate.ts";
import { type OrderWriters, startOrderWriters } from "./testing/order-writers.ts";

const { databaseUrl, databasePrefix } = testServers();
const migrations = readdirSync(join(import.meta.dirname, "migrations")).map((file) =>
  file.replace(".sql", ""),
);

/** What the migrations promise of locks, and some time for a machine that is busy. */
const LONGEST_WAIT_MS = 5_000 + 3_000;

let name: string;
let ownerUrl: string;
let pool: pg.Pool;
let writers: OrderWriters | undefined;

beforeEach(async () => {
  name = `${databasePrefix}live_${randomBytes(4).toString("hex")}`;
  await createEmptyDatabase(databaseUrl, name);
  ownerUrl = withDatabase(databaseUrl, name, "orders_owner");
  pool = new pg.Pool({ connectionString: withDatabase(databaseUrl, name) });
  // Sessions are ended on purpose.
  pool.on("error", () => {});
});

afterEach(async () => {
  await writers?.stop();
  writers = undefined;
  await pool.end();
  await asSuperuser(databaseUrl, (client) => client.query(`drop database ${name}`));
});

const next = (count: number) => migrate(ownerUrl, () => {}, count);

/** As far as before the migration of that name, with orders in it, and writers that go on placing more. */
async function liveBefore(migration: string, orders: number): Promise<OrderWriters> {
  await next(migrations.indexOf(migration));
  await pool.query(
    `insert into orders (id, customer_id, pickup_point_id, currency, lines, total_minor, status, version, created_at)
     select gen_random_uuid(), 'c-' || i % 100, 'p', 'EUR', '[]', 1, 'created', 1, clock_timestamp() from generate_series(1, $1) i;`,
    [orders],
  );
  await pool.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
     select gen_random_uuid(), 'order', id::text, 1, 'OrderCreated', '{}' from orders`,
  );
  writers = startOrderWriters(pool, 4);
  return writers;
}

async function goesOn(some: OrderWriters): Promise<void> {
  const before = some.committed;
  await eventually(() => expect(some.committed).toBeGreaterThan(before + 50));
}

/** The tables that are there, with the file that each is kept in: a rewrite gives it another. */
async function files(): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ name: string; file: number }>(
    "select relname as name, relfilenode::int as file from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
  );
  return new Map(rows.map((row) => [row.name, row.file]));
}

async function nothingIsLost(some: OrderWriters, orders: number): Promise<void> {
  await some.stop();
  expect(some.failures).toEqual([]);
  expect(some.longestMs).toBeLessThan(LONGEST_WAIT_MS);
  const { rows } = await pool.query(
    "select (select count(*)::int from orders) as orders, (select count(*)::int from outbox) as events",
  );
  expect(rows).toEqual([{ orders: orders + some.committed, events: orders + some.committed }]);
}

test("each migration runs while orders are placed: no writer fails or waits for long, no table is rewritten, nothing is lost", async () => {
  const some = await liveBefore(migrations[1] as string, 20_000);
  for (const migration of migrations.slice(1)) {
    await goesOn(some);
    const before = await files();
    expect(await next(1)).toEqual([migration]);
    const after = await files();
    for (const [table, file] of before) expect([table, after.get(table)], migration).toEqual([table, file]);
  }
  await goesOn(some);
  await nothingIsLost(some, 20_000);
  const { rows } = await pool.query(
    `select conname as name from pg_constraint where connamespace = 'public'::regnamespace and not convalidated
     union all select indexrelid::regclass::text from pg_index where not indisvalid`,
  );
  expect(rows).toEqual([]);
});

test("a lock that a migration does not get is given up in time: writers go on, and it can be run again", async () => {
  const some = await liveBefore("0004_order_states", 100);
  const reader = await pool.connect();
  try {
    await reader.query("begin; select from orders limit 1");
    await expect(next(1)).rejects.toThrow("lock timeout");
    await goesOn(some);
    await reader.query("commit");
  } finally {
    reader.release(true);
  }
  expect(await next(1)).toEqual(["0004_order_states"]);
  await nothingIsLost(some, 100);
});

test("indexes are built while a transaction stays open and nobody waits for them, and what an attempt has left behind is made anew", async () => {
  const some = await liveBefore("0006_order_indexes", 1_000);
  const writer = await pool.connect();
  const isWaiting = () =>
    eventually(async () => {
      const { rows } = await pool.query(
        `select pid from pg_stat_activity
          where datname = current_database() and application_name = 'migrate' and wait_event_type = 'Lock'`,
      );
      expect(rows).toHaveLength(1);
      return rows[0].pid;
    });
  try {
    await writer.query(
      "begin; update orders set version = version where id = (select id from orders limit 1)",
    );
    const ended = expect(next(1)).rejects.toThrow("terminating connection");
    await goesOn(some);
    await pool.query("select pg_terminate_backend($1)", [await isWaiting()]);
    await ended;
    const { rows } = await pool.query("select from pg_index where not indisvalid");
    expect(rows).toHaveLength(1);

    await writer.query("commit");
    expect(await next(1)).toEqual(["0006_order_indexes"]);
  } finally {
    writer.release(true);
  }
  const { rows } = await pool.query(
    "select count(*)::int as count from pg_index where indrelid = 'orders'::regclass and indisvalid",
  );
  expect(rows).toEqual([{ count: 5 }]);
  await nothingIsLost(some, 1_000);
});
