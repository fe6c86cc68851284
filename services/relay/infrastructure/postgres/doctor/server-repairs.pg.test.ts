import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTemplateDatabase } from "../../../../../test/setup/template-database.ts";
import { withDatabase } from "../../../../../test/support/database.ts";
import { eventually } from "../../../../../test/support/eventually.ts";
import { type OwnPostgres, openPostgres } from "../../../../../test/support/own-servers.ts";
import { hasFailoverSlots, testServers } from "../../../../../test/support/servers.ts";
import type { Finding } from "../../../application/doctor/finding.ts";
import { preparedTransactions } from "../../../application/doctor/postgres/transactions.ts";
import { doctorSettings, healthyFacts } from "../../../testing/doctor-facts.ts";
import { examineServers, repairOf, runSql, worstOf } from "../../../testing/running-doctor.ts";

const SLOT = "outbox_relay";
let server: OwnPostgres;
let ownerUrl: string;
let relayUrl: string;

beforeAll(async () => {
  server = await openPostgres({ max_prepared_transactions: "5" });
  await createTemplateDatabase(server.url, "orders");
  ownerUrl = withDatabase(server.url, "orders");
  relayUrl = withDatabase(server.url, "orders", "outbox_relay");
});

afterAll(() => server?.dispose());

afterEach(async () => {
  await sql("alter system reset all");
  await sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
});

async function sql<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function finding(check: string): Promise<Finding> {
  const found = await examineServers({ area: "postgres", databaseUrl: relayUrl });
  return worstOf(found, check);
}

/** As on a server that is started without options on its command line, which would stand above what `alter system` has written. */
async function restartAsWritten(): Promise<void> {
  const written = await sql<{ name: string; setting: string }>(
    "select name, setting from pg_file_settings where sourcefile like '%postgresql.auto.conf'",
  );
  await server.stop();
  await server.start(Object.fromEntries(written.map(({ name, setting }) => [name, setting])));
}

describe.each<[check: string, status: Finding["status"], setting: string, value: string]>([
  ["wal_level", "failed", "wal_level", "replica"],
  ["max_slot_wal_keep_size", "warning", "max_slot_wal_keep_size", "-1"],
  ["max_slot_wal_keep_size", "warning", "max_slot_wal_keep_size", "32MB"],
  ["idle_replication_slot_timeout", "warning", "idle_replication_slot_timeout", "1h"],
  ["wal_sender_timeout", "warning", "wal_sender_timeout", "1s"],
])("%s, %s: a server with %s = %s", (check, status, setting, value) => {
  const skip = setting === "idle_replication_slot_timeout" && testServers().postgresMajor < 18;
  test("is found, and the printed statements repair it", { skip }, async () => {
    await server.stop();
    await server.start({ [setting]: value });
    const found = await finding(check);
    expect(found.status).toBe(status);
    await runSql(ownerUrl, repairOf(found));
    await restartAsWritten();
    expect(await finding(check)).toMatchObject({ status: "ok" });
  });
});

test("a server with all its slots in use is found, with those that nobody reads, and the printed statement repairs it", async () => {
  await server.stop();
  await server.start({ max_replication_slots: "2" });
  await sql("select pg_create_physical_replication_slot(name) from unnest(array['one', 'two']) name");
  const found = await finding("max_replication_slots");
  expect(found).toMatchObject({ status: "failed", found: "2 of 2 slots in use: none is left for the relay" });
  expect(repairOf(found).note).toMatch(/nobody reads one, two/);
  await runSql(ownerUrl, repairOf(found));
  await restartAsWritten();
  expect(await finding("max_replication_slots")).toMatchObject({ status: "ok" });
});

test("a server with all its walsenders in use is found, and the printed statement repairs it", async () => {
  await server.stop();
  await server.start({ max_wal_senders: "1" });
  const standby = await startStandby();
  const found = await finding("max_wal_senders");
  expect(found).toMatchObject({
    status: "failed",
    found: "1 of 1 walsender in use: none is left for the relay",
  });
  expect(await finding("replication connection")).toMatchObject({ status: "skipped" });
  await runSql(ownerUrl, repairOf(found));
  await standby.end();
  await restartAsWritten();
  expect(await finding("max_wal_senders")).toMatchObject({ status: "ok" });
});

test("a slot that has lost its WAL is found, and the printed statement makes room for a new one", async () => {
  await server.stop();
  await server.start({ max_slot_wal_keep_size: "1MB", max_wal_size: "32MB", min_wal_size: "32MB" });
  await sql(`select pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`);
  await eventually(async () => {
    await sql(
      "select pg_logical_emit_message(false, 'fill', repeat('x', 1000000)) from generate_series(1, 20)",
    );
    await sql("select pg_switch_wal()");
    await sql("checkpoint");
    expect((await finding("slot's WAL")).status).toBe("failed");
  });
  const found = await finding("slot's WAL");
  const reason = testServers().postgresMajor >= 17 ? "wal_removed" : "its WAL was removed";
  expect(found.found).toContain(`is lost (${reason})`);
  await runSql(ownerUrl, repairOf(found));
  expect(await finding("slot's WAL")).toMatchObject({ status: "ok", found: "there is no slot yet" });
});

test("with a standby, a slot without failover, and a relay that would not wait for the standby, are found and repaired as printed", {
  skip: !hasFailoverSlots(),
}, async () => {
  await server.stop();
  await server.start({ max_wal_senders: "10" });
  await sql(`select pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`);
  const standby = await startStandby();
  const failover = await finding("slot failover");
  expect(failover).toMatchObject({
    status: "warning",
    found: expect.stringMatching(/is not copied to standbys/),
  });
  await runSql(ownerUrl, repairOf(failover));
  expect(await finding("slot failover")).toMatchObject({ status: "ok" });
  const waits = await finding("synchronized_standby_slots");
  expect(waits).toMatchObject({ status: "warning", found: expect.stringMatching(/without standby_1/) });
  await runSql(ownerUrl, repairOf(waits));
  await eventually(async () => {
    expect(await finding("synchronized_standby_slots")).toMatchObject({ status: "ok", found: "standby_1" });
  });
  expect(await finding("hot_standby_feedback")).toMatchObject({ status: "warning" });
  expect(await finding("sync_replication_slots")).toMatchObject({ status: "skipped" });
  await standby.end();
});

test("a prepared transaction that nobody has ended is found once it is old, and the printed statement ends it", async () => {
  await sql("begin; select pg_current_xact_id(); prepare transaction 'it''s old'");
  expect(await finding("prepared transactions")).toMatchObject({
    status: "ok",
    found: "none is older than 5 min",
  });
  // To the judgement it is older than it is.
  const [{ gid } = { gid: "" }] = await sql<{ gid: string }>("select gid from pg_prepared_xacts");
  const transactions = { ...healthyFacts.transactions, prepared: [{ gid, age: 3_600_000 }] };
  const verdicts = preparedTransactions.judge({ ...healthyFacts, transactions }, doctorSettings);
  const [verdict] = "status" in verdicts ? [verdicts] : verdicts;
  if (!verdict) throw new Error("there is no verdict");
  await runSql(ownerUrl, repairOf({ area: "postgres", check: "prepared transactions", ...verdict }));
  expect(await finding("prepared transactions")).toMatchObject({ status: "ok", found: "there are none" });
});

/** What a standby is to its primary: a walsender that streams from a physical slot. */
async function startStandby(): Promise<pg.Client> {
  await sql("select pg_create_physical_replication_slot('standby_1', true)");
  const options = { connectionString: ownerUrl, replication: "true" };
  const client = new pg.Client(options);
  client.on("error", () => {});
  await client.connect();
  const [{ lsn } = { lsn: "" }] = await sql<{ lsn: string }>(
    "select pg_current_wal_flush_lsn()::text as lsn",
  );
  const streaming = client.query(`START_REPLICATION SLOT standby_1 PHYSICAL ${lsn}`);
  streaming.catch(() => {});
  await eventually(async () => {
    const rows = await sql<{ active: boolean }>(
      "select active from pg_replication_slots where slot_name = 'standby_1'",
    );
    expect(rows).toEqual([{ active: true }]);
  });
  return client;
}
