import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnDatabase, startOwnDatabase } from "../../../../test/support/own-database.ts";
import { hasFailoverSlots } from "../../../../test/support/servers.ts";
import { createSlotReader } from "./slot-figures.ts";

let database: OwnDatabase;
let owner: pg.Pool;
let relay: pg.Pool;

beforeAll(async () => {
  database = await startOwnDatabase({ max_slot_wal_keep_size: "32MB", min_wal_size: "32MB" });
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  relay = new pg.Pool({ connectionString: database.relayUrl });
});

afterAll(async () => {
  await relay.end();
  await owner.end();
  await database.dispose();
});

test("a slot that nobody reads uses up its budget of WAL until it is lost, and then tells why", async () => {
  const read = createSlotReader(relay, "figures");
  expect(await read()).toBeUndefined();
  const failover = hasFailoverSlots();
  await owner.query(
    `select pg_create_logical_replication_slot('figures', 'pgoutput', false, false${failover ? ", true" : ""})`,
  );
  const first = await read();
  expect(first).toMatchObject({
    active: false,
    walStatus: "reserved",
    invalidationReason: undefined,
    failover,
    synced: false,
    spilledTransactions: 0,
  });
  await owner.query("create table busy (pad text)");
  const write = () => owner.query("insert into busy select repeat('x', 1000) from generate_series(1, 5000)");
  await write();
  const later = await read();
  expect(later?.safeWalBytes).toBeLessThan(first?.safeWalBytes ?? 0);
  for (const bytes of ["confirmedFlushLagBytes", "retainedWalBytes"] as const)
    expect(later?.[bytes]).toBeGreaterThan((first?.[bytes] ?? 0) + 5_000_000);
  expect(later?.inactiveMs).toBeGreaterThan(first?.inactiveMs ?? 0);
  for (let i = 0; i < 12; i++) {
    await write();
    await owner.query("select pg_switch_wal()");
    await owner.query("checkpoint");
  }
  expect(await read()).toMatchObject({
    walStatus: "lost",
    invalidationReason: "wal_removed",
    safeWalBytes: undefined,
    retainedWalBytes: 0,
  });
});
