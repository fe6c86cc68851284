import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../test/support/database.ts";

let database: TestDatabase;
let api: pg.Client;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  api = new pg.Client({ connectionString: database.apiUrl });
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await Promise.all([api.connect(), owner.connect()]);
});

afterAll(async () => {
  await api.end();
  await owner.end();
  await database.drop();
});

const insert = () =>
  api.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
     values (gen_random_uuid(), 'order', 'a', 1, 'OrderCreated', '{}')`,
  );

test("a row bears the time of its insert, not that of its transaction's beginning", async () => {
  await api.query("begin");
  const { rows: before } = await api.query("select now() as begun, clock_timestamp() as now");
  await insert();
  await insert();
  await api.query("commit");
  const { rows } = await owner.query(
    "select created_at >= $1 as after_now, created_at > $2 as after_begin from outbox order by position desc limit 2",
    [before[0].now, before[0].begun],
  );
  expect(rows).toEqual([
    { after_now: true, after_begin: true },
    { after_now: true, after_begin: true },
  ]);
});

test("a row bears the id of the whole transaction also when a savepoint wrote it, for that is what snapshots tell of", async () => {
  await api.query("begin");
  const { rows: known } = await api.query("select pg_current_xact_id()::text as id");
  for (let depth = 0; depth < 3; depth++) {
    await api.query("savepoint s");
    await insert();
  }
  await api.query("commit");
  const { rows } = await owner.query(
    "select transaction_id::text as id from outbox order by position desc limit 3",
  );
  expect(rows).toEqual([known[0], known[0], known[0]]);
});
