import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createEmptyDatabase } from "../test/setup/template-database.ts";
import { asSuperuser, withDatabase } from "../test/support/database.ts";
import { replicationRefused, testServers } from "../test/support/servers.ts";
import { migrate } from "./migrate.ts";
import { insertOn, partitionOf } from "./testing/outbox-days.ts";
import { openRolesDatabase, type RolesDatabase } from "./testing/roles-database.ts";

let database: RolesDatabase;

beforeAll(async () => {
  database = await openRolesDatabase();
  await insertOn(database.owner, 0);
});

afterAll(() => database.close());

/** Nothing that a statement does stays. */
async function attempt(client: pg.Pool, statement: string): Promise<void> {
  const session = await client.connect();
  try {
    await session.query("begin");
    await session.query(statement);
  } finally {
    await session.query("rollback");
    session.release();
  }
}

const rowValues = "gen_random_uuid(), 'order', 'o', 1, 'OrderCreated', '{}', '{}'";

describe("the relay may", () => {
  test.each([
    "select * from outbox",
    "select * from outbox_status",
    "insert into relay_checkpoint (relay, epoch, leader, slot) values ('r', 1, 'l', 's') on conflict (relay) do update set epoch = excluded.epoch",
    "update relay_checkpoint set published = pg_current_snapshot()",
    "select from relay_checkpoint for share",
    "insert into outbox_dead_letter (relay, position, id, transaction_id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, created_at) select 'r', position, id, transaction_id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, created_at from outbox on conflict (relay, id) do update set attempts = 2",
    "update outbox_dead_letter set request = 'retry'",
    "delete from outbox_dead_letter",
    "insert into relay_history (relay, reason) values ('r', 'because')",
    "select * from relay_history",
    "insert into relay_control (relay, configured_mode) values ('r', 'auto') on conflict (relay) do update set configured_mode = excluded.configured_mode",
    "update relay_control set paused = true, revision = revision + 1, followed_revision = 1",
    "select outbox_make_partitions(8)",
    "select outbox_drop_partition('1 day')",
    "select system_identifier from pg_control_system()",
    "select pg_logical_emit_message(true, 'outbox-relay', '{}')",
    "select pg_try_advisory_lock(1)",
    "select * from pg_replication_slots",
    "select * from pg_publication_tables",
    "select pid, state_change from pg_stat_activity join pg_locks using (pid)",
  ])("%s", async (statement) => {
    await attempt(database.relay, statement);
  });

  test("make, read and drop a slot of its own, and end its own sessions", async () => {
    const slot = `${(await database.relay.query("select current_database()")).rows[0].current_database}_slot`;
    await database.relay.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
    await database.relay.query("select pg_drop_replication_slot($1)", [slot]);
    const session = await database.session("relay");
    session.on("error", () => {});
    const { rows } = await session.query("select pg_backend_pid() as pid");
    const ended = await database.relay.query("select pg_terminate_backend($1) as ended", [rows[0].pid]);
    expect(ended.rows).toEqual([{ ended: true }]);
  });
});

describe("the relay may not", () => {
  test.each([
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers) values (${rowValues})`,
    "update outbox set payload = '{}'",
    "delete from outbox",
    "truncate outbox",
    "lock table outbox in share row exclusive mode",
    `select * from ${partitionOf(0)}`,
    `delete from ${partitionOf(0)}`,
    `drop table ${partitionOf(0)}`,
    `alter table outbox detach partition ${partitionOf(0)}`,
    "delete from relay_checkpoint",
    "update relay_history set reason = 'another'",
    "delete from relay_history",
    "delete from relay_control",
    "select * from orders",
    "insert into orders default values",
    "select * from idempotency_keys",
    "select * from migrations",
    "create table mine (id int)",
    "create publication mine for table outbox",
    "select setval('outbox_position_seq', 1)",
    "create role mine",
  ])("%s", async (statement) => {
    await expect(attempt(database.relay, statement)).rejects.toThrow(/permission denied|must be owner/);
  });
});

describe("the API may", () => {
  test.each([
    "select * from orders",
    "insert into orders values (gen_random_uuid(), 'c', 'p', 'EUR', '[]', 0, 'created', 1, now())",
    "select * from orders for update",
    "update orders set status = 'ready', version = 2, ready_at = now(), issued_at = null, returned_at = null, cancelled_at = null, reason = null",
    "select claim_idempotency_key('caller', 'key', '1 day')",
    "insert into idempotency_keys (caller, key, fingerprint, order_id, version) values ('c', 'k', 'f', gen_random_uuid(), 1)",
    "select * from idempotency_keys",
    "delete from idempotency_keys",
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers) values (${rowValues})`,
  ])("%s", async (statement) => {
    await attempt(database.api, statement);
  });
});

describe("the API may not", () => {
  test.each([
    "select * from outbox",
    "select * from outbox_status",
    `select * from ${partitionOf(0)}`,
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers) values (${rowValues}) returning position`,
    "update outbox set payload = '{}'",
    "delete from outbox",
    `insert into ${partitionOf(0)} (id) values (gen_random_uuid())`,
    // What the database stamps is not the application's to choose: with another transaction's id an event would never be published.
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, transaction_id) values (${rowValues}, '1')`,
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, position) values (${rowValues}, 1)`,
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers, created_at) values (${rowValues}, '2000-01-01')`,
    "delete from orders",
    "update orders set customer_id = 'another'",
    "update orders set total_minor = 0",
    "update idempotency_keys set fingerprint = 'another'",
    "select * from relay_checkpoint",
    "select * from outbox_dead_letter",
    "select * from relay_history",
    "insert into relay_control (relay, configured_mode) values ('r', 'auto') on conflict (relay) do update set configured_mode = excluded.configured_mode",
    "update relay_control set paused = true, revision = revision + 1, followed_revision = 1",
    "select outbox_make_partitions(8)",
    "select outbox_drop_partition('1 day')",
    "select outbox_reset_checkpoint('r', true)",
    "select setval('outbox_position_seq', 1)",
    "create table mine (id int)",
  ])("%s", async (statement) => {
    await expect(attempt(database.api, statement)).rejects.toThrow("permission denied");
  });

  test("make a replication slot", async () => {
    const making = database.api.query("select pg_create_logical_replication_slot('mine', 'pgoutput')");
    await expect(making).rejects.toThrow(replicationRefused());
  });
});

test("a person with a login of their own may do as a member what the operator may, but for slots", async () => {
  const { superuser, operator } = database;
  const name = `${(await superuser.query("select current_database()")).rows[0].current_database}_jane`;
  await superuser.query(`create role ${name} login in role outbox_operator`);
  const session = await superuser.connect();
  try {
    await session.query(`set session authorization ${name}`);
    await session.query("select * from outbox");
    await session.query(
      "insert into relay_control (relay) values ('r'); update relay_control set paused = true",
    );
    const making = session.query("select pg_create_logical_replication_slot('mine', 'pgoutput')");
    await expect(making).rejects.toThrow(replicationRefused());
    await session.query("reset session authorization; delete from relay_control");
  } finally {
    session.release(true);
    await superuser.query(`drop role ${name}`);
  }
  expect((await operator.query("select * from relay_control")).rows).toEqual([]);
});

describe("sql/roles.sql", () => {
  /** Whose each thing is, and who may do what with it. */
  const STANDING = `
    select relname as name, relowner::regrole::text as owner, relacl::text as rights from pg_class
     where relnamespace = 'public'::regnamespace
    union all select proname, proowner::regrole::text, proacl::text from pg_proc where pronamespace = 'public'::regnamespace
    union all select pubname, pubowner::regrole::text, null from pg_publication
    order by 1, 2, 3`;

  const roles = readFileSync(new URL("roles.sql", import.meta.url), "utf8");

  /** A database with the roles and no tables yet, as its superuser and its owner reach it. */
  async function emptyDatabase(): Promise<{ superuserUrl: string; ownerUrl: string }> {
    const { databaseUrl, databasePrefix } = testServers();
    const name = `${databasePrefix}roles_${randomBytes(4).toString("hex")}`;
    await createEmptyDatabase(databaseUrl, name);
    onTestFinished(async () => {
      await asSuperuser(databaseUrl, (client) => client.query(`drop database ${name}`));
    });
    return {
      superuserUrl: withDatabase(databaseUrl, name),
      ownerUrl: withDatabase(databaseUrl, name, "orders_owner"),
    };
  }

  test("gives the owner what a superuser has migrated, and changes nothing when it is run again, by a superuser or the owner", async () => {
    const { superuserUrl, ownerUrl } = await emptyDatabase();
    await migrate(superuserUrl, () => {});
    const standing = (statement = "") =>
      asSuperuser(superuserUrl, async (client) => {
        await client.query(statement);
        return (await client.query(STANDING)).rows;
      });
    const once = await standing(roles);
    expect(once.filter(({ owner }) => owner !== "orders_owner")).toEqual([]);
    expect(once.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["orders", "outbox", partitionOf(0), "outbox_drop_partition", "migrations"]),
    );
    for (const url of [superuserUrl, ownerUrl]) {
      await asSuperuser(url, (client) => client.query(roles));
      expect(await standing()).toEqual(once);
    }
  });

  test("a database made by PostgreSQL 14 or before, where everybody may create tables, is then its owner's to migrate and nobody else's", async () => {
    const { superuserUrl, ownerUrl } = await emptyDatabase();
    await asSuperuser(superuserUrl, async (client) => {
      await client.query(
        "revoke all on schema public from orders_owner; grant create on schema public to public",
      );
      await client.query(roles);
    });
    await migrate(ownerUrl, () => {});
    await asSuperuser(ownerUrl.replace("orders_owner", "orders_api"), async (client) => {
      await expect(client.query("create table mine (id int)")).rejects.toThrow("permission denied");
    });
  });
});
