import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../../test/support/database.ts";
import { examineServers, worstOf } from "../../../testing/running-doctor.ts";
import { relayFunctions, relayRelations } from "./relay-needs.ts";

let database: TestDatabase;
let pool: pg.Pool;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
});

afterEach(async () => {
  await pool.end();
  await database.drop();
});

test("what is looked for is what the migrations make and sql/roles.sql gives: no table, column, right or function more or less", async () => {
  const { rows } = await pool.query<{ name: string; columns: string[]; rights: string[] }>(
    `select c.relname as name,
            array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
            array(select lower(privilege_type) from aclexplode(c.relacl) a where a.grantee = 'outbox_relay'::regrole) as rights
       from pg_class c
      where relnamespace = 'public'::regnamespace and relname ~ '^(relay_|outbox_)' and relkind in ('r', 'v') and not relispartition`,
  );
  const outbox = new Set(
    (await pool.query("select attname from pg_attribute where attrelid = 'outbox'::regclass")).rows.map(
      ({ attname }) => attname,
    ),
  );
  const found = rows.map(({ name, columns, rights }) => ({
    name,
    // Of the view only what it has besides the outbox.
    columns: name === "outbox_status" ? columns.filter((each) => !outbox.has(each)) : columns,
    rights,
  }));
  const sorted = (relations: typeof relayRelations) =>
    relations
      .map(({ name, columns, rights }) => ({ name, columns: columns.toSorted(), rights: rights.toSorted() }))
      .toSorted((a, b) => a.name.localeCompare(b.name));
  expect(sorted(relayRelations)).toEqual(sorted(found));
  const { rows: functions } = await pool.query(
    `select proname || '(' || oidvectortypes(proargtypes) || ')' as signature from pg_proc
      where pronamespace = 'public'::regnamespace and proname ~ '^outbox_' and has_function_privilege('outbox_relay', oid, 'execute') order by 1`,
  );
  expect(functions.map(({ signature }) => signature)).toEqual(relayFunctions.toSorted());
});

test.each([
  "drop table relay_history",
  "alter table relay_checkpoint drop column publication",
  "drop function outbox_reset_checkpoint",
])(
  "after `%s`, as before the migration that made it, the migrations are found to be missing",
  async (broken) => {
    await pool.query(broken);
    const found = worstOf(
      await examineServers({ area: "postgres", databaseUrl: database.relayUrl }),
      "migrations",
    );
    expect(found).toMatchObject({ status: "failed", repair: { commands: ["npm run migrate"] } });
  },
);
