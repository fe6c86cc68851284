import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { outboxRelation } from "./outbox-relation.ts";

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

test("under other names the table's indexes are used as under the relay's own", async () => {
  await pool.query(`
    create table events (like outbox including defaults);
    alter table events rename column position to "Nth";
    alter table events rename column transaction_id to xid;
    create index on events (xid);
    create index on events ("Nth");
    insert into events (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
    select gen_random_uuid(), 'order', 'k', i, 'Changed', '{}' from generate_series(1, 20000) i;
    analyze events`);
  const events = outboxRelation({
    schema: "public",
    name: "events",
    columns: { position: "Nth", transaction_id: "xid" },
  });
  const plan = async (rest: string) => {
    const { rows } = await pool.query(`explain select id, position, transaction_id from ${events} o ${rest}`);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  expect(await plan("where transaction_id >= '900000'::xid8 order by position")).toMatch(
    /Index Scan using events_xid_idx/,
  );
  expect(await plan("where position > 19990 order by position limit 1000")).toMatch(
    /Index Scan using "events_Nth_idx"/,
  );
  expect(await plan("order by transaction_id desc limit 10")).toMatch(
    /Index Scan Backward using events_xid_idx/,
  );
});
