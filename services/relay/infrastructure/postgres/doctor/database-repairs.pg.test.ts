import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../../../../../test/support/database.ts";
import { eventually } from "../../../../../test/support/eventually.ts";
import type { DoctorSettings } from "../../../application/doctor/facts.ts";
import type { Finding } from "../../../application/doctor/finding.ts";
import { examineServers, problemsIn, repairOf, runSql, worstOf } from "../../../testing/running-doctor.ts";

let database: TestDatabase;
let pool: pg.Pool;
let slot: string;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  slot = `${database.name}_slot`;
});

afterEach(async () => {
  await pool.end();
  await database.drop();
});

function findings(
  settings: Partial<DoctorSettings> = {},
  databaseUrl = database.relayUrl,
): Promise<Finding[]> {
  return examineServers({ area: "postgres", databaseUrl, settings: { slot, ...settings } });
}

const statusOf = async (check: string, settings?: Partial<DoctorSettings>) =>
  worstOf(await findings(settings), check).status;

test("a migrated database with the roles of sql/roles.sql has nothing to repair, before a relay has ever run", async () => {
  const found = await findings();
  expect(problemsIn(found).map(({ check }) => check)).toEqual(["relay"]);
  expect(found.length).toBeGreaterThan(30);
});

const insert = `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, created_at)
                values (gen_random_uuid(), 'order', 'k', 1, 'OrderCreated', '{}', '2020-01-01')`;
const drained = `insert into relay_checkpoint (relay, published) values ('orders', '900000:900000:')
                 on conflict (relay) do update set published = excluded.published`;

describe.each<[check: string, status: Finding["status"], broken: string]>([
  ["rights", "failed", "revoke select on outbox from outbox_relay"],
  [
    "rights",
    "failed",
    "revoke insert, update on relay_checkpoint from outbox_relay; revoke select on outbox_status from outbox_relay",
  ],
  ["rights", "failed", "revoke execute on function outbox_drop_partition(interval) from outbox_relay"],
  ["rights", "failed", "revoke usage on schema public from outbox_relay, public"],
  ["outbox table", "failed", "alter table outbox drop column headers cascade"],
  ["outbox table", "failed", "alter table outbox drop column transaction_id cascade"],
  ["outbox table", "failed", "alter table outbox drop column aggregate_version cascade"],
  ["outbox table", "warning", "alter table outbox alter column payload drop not null"],
  ["transaction index", "failed", "drop index outbox_transaction_id"],
  [
    "partitions ahead",
    "warning",
    `do $$ declare p regclass; begin
       for p in select inhrelid from pg_inherits where inhparent = 'outbox'::regclass and inhrelid <> 'outbox_default'::regclass
       loop execute 'drop table ' || p; end loop; end $$`,
  ],
  ["default partition", "failed", "drop table outbox_default"],
  ["publication", "failed", "drop publication outbox"],
  ["publication", "failed", "alter publication outbox set table orders"],
  ["publication", "failed", "alter publication outbox set (publish = 'update')"],
  ["publication", "failed", "alter publication outbox set table outbox where (position > 5)"],
  ["publication", "failed", "alter publication outbox set table outbox (position, created_at, id)"],
  ["publication operations", "warning", "alter publication outbox set (publish = 'insert, update, delete')"],
  [
    "publication operations",
    "failed",
    "alter publication outbox set (publish = 'insert, update'); alter table outbox replica identity nothing",
  ],
  [
    "publish_via_partition_root",
    "failed",
    "alter publication outbox set (publish_via_partition_root = false)",
  ],
])("%s, %s: %s", (check, status, broken) => {
  test("is found, and the printed statements repair it", async () => {
    expect(await statusOf(check)).toBe("ok");
    await pool.query(broken);
    const found = worstOf(await findings(), check);
    expect(found.status).toBe(status);
    await runSql(database.ownerUrl, repairOf(found));
    expect(worstOf(await findings(), check)).toMatchObject({ status: "ok" });
  });
});

/** A session tells the statistics what it has written when it has been idle for a while, or is told to. */
async function insertAndCount(): Promise<void> {
  const session = await pool.connect();
  await session.query(insert);
  await session.query("select pg_stat_force_next_flush()");
  session.release();
}

test("rows in the default partition are told of, and those that are published and old can be removed as printed", async () => {
  await insertAndCount();
  await pool.query(drained);
  const found = await eventually(async () => {
    const finding = worstOf(await findings(), "default partition");
    expect(finding).toMatchObject({
      status: "warning",
      found: expect.stringMatching(/outbox_default has some 1 row/),
    });
    return finding;
  });
  await runSql(database.ownerUrl, repairOf(found));
  await eventually(async () => expect(await statusOf("default partition")).toBe("ok"));
});

test("what is not published yet, the printed statements leave in the default partition", async () => {
  await insertAndCount();
  await pool.query("insert into relay_checkpoint (relay) values ('orders')");
  const found = await eventually(async () => {
    const finding = worstOf(await findings(), "default partition");
    expect(finding.status).toBe("warning");
    return finding;
  });
  await runSql(database.ownerUrl, repairOf(found));
  expect((await pool.query("select count(*)::int as count from outbox")).rows).toEqual([{ count: 1 }]);
});

test("a role that may not replicate is found by its attribute, and the printed statement repairs it", async () => {
  const role = `${database.name}_role`;
  await pool.query(`create role ${role} login password 'test'; grant outbox_relay to ${role}`);
  const url = Object.assign(new URL(database.relayUrl), { username: role, password: "test" }).href;
  try {
    const before = await findings({}, url);
    expect(worstOf(before, "replication connection").status).toBe("skipped");
    const found = worstOf(before, "replication right");
    expect(found.status).toBe("failed");
    await runSql(database.ownerUrl, repairOf(found));
    const after = await findings({}, url);
    expect(worstOf(after, "replication right").status).toBe("ok");
    expect(worstOf(after, "replication connection").status).toBe("ok");
  } finally {
    await pool.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test("a slot that is something else's is found", async () => {
  await pool.query("select pg_create_physical_replication_slot($1)", [slot]);
  try {
    expect(worstOf(await findings(), "slot")).toMatchObject({
      status: "failed",
      found: expect.stringMatching(/physical/),
    });
  } finally {
    await pool.query("select pg_drop_replication_slot($1)", [slot]);
  }
});

test("a slot that nobody reads is told of with the WAL that it holds back", async () => {
  await pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  expect(worstOf(await findings(), "slot reader")).toMatchObject({
    status: "warning",
    found: expect.stringMatching(/nobody has read .* it holds back .* and no relay orders is connected/),
  });
});

test("a checkpoint of another cluster, or ahead of the database, is found", async () => {
  await pool.query("insert into relay_checkpoint (relay, system_identifier) values ('orders', '7')");
  expect(await statusOf("checkpoint")).toBe("failed");
  await pool.query(
    "update relay_checkpoint set system_identifier = null, published = '900000000000:900000000000:'",
  );
  expect(worstOf(await findings(), "checkpoint")).toMatchObject({
    status: "failed",
    found: expect.stringMatching(/ahead of this database/),
  });
});

test("the age of other roles' transactions is hidden until the printed right is given", async () => {
  const role = `${database.name}_role`;
  await pool.query(`create role ${role} login password 'test'`);
  const url = Object.assign(new URL(database.relayUrl), { username: role, password: "test" }).href;
  const writer = await pool.connect();
  try {
    await writer.query("begin; select pg_current_xact_id()");
    const found = worstOf(await findings({}, url), "open transactions");
    expect(found).toMatchObject({
      status: "skipped",
      found: expect.stringMatching(/1 transaction|transactions of other roles/),
    });
    await runSql(database.ownerUrl, repairOf(found));
    expect(worstOf(await findings({}, url), "open transactions").status).toBe("ok");
  } finally {
    writer.release(true);
    await pool.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test("a table with a name that needs quotes is looked at, and its repairs are quoted", async () => {
  await pool.query(`
    create schema "Shop";
    create table "Shop"."Out""box" (like public.outbox including defaults);
    grant usage on schema "Shop" to outbox_relay`);
  const settings = { table: { schema: "Shop", name: 'Out"box' }, publication: 'Out"box, é' };
  const before = await findings(settings);
  for (const check of ["rights", "transaction index", "publication"]) {
    const found = worstOf(before, check);
    expect(found.status, check).toBe("failed");
    await runSql(database.ownerUrl, repairOf(found));
  }
  const after = await findings(settings);
  expect(problemsIn(after).map(({ check }) => check)).toEqual(["relay"]);
});

test("an empty database is told what it lacks, by checks that do not fail of it", async () => {
  const name = `${database.name}_empty`;
  await pool.query(`create database ${name}`);
  try {
    const url = Object.assign(new URL(database.relayUrl), { pathname: `/${name}` }).href;
    const found = await findings({}, url);
    for (const check of ["migrations", "outbox table", "publication"]) {
      expect(worstOf(found, check).status, check).toBe("failed");
    }
    expect(found.filter(({ found: what }) => what.includes("could not be looked at"))).toEqual([]);
  } finally {
    await asSuperuser(database.ownerUrl, (client) => client.query(`drop database ${name} with (force)`));
  }
});

test("a question that is answered too late fails only what needs it", async () => {
  const locker = await pool.connect();
  try {
    await locker.query("begin; lock table relay_checkpoint in access exclusive mode");
    const found = await findings();
    expect(worstOf(found, "checkpoint")).toMatchObject({
      status: "failed",
      found: expect.stringMatching(/could not be looked at/),
    });
    expect(worstOf(found, "publication").status).toBe("ok");
  } finally {
    locker.release(true);
  }
});
