import pg from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { type OwnDatabase, startOwnDatabase } from "../../../../test/support/own-database.ts";
import { hasFailoverSlots } from "../../../../test/support/servers.ts";
import type { ReplicationSlot } from "../../application/replication-slot.ts";
import { insertRow } from "../../testing/outbox-rows.ts";
import { outboxTable } from "../../testing/recorded-stream.ts";
import { createReplicationSlot } from "./replication-slot.ts";

const name = "outbox_relay";
let database: OwnDatabase;
let owner: pg.Pool;
let relay: pg.Pool;
let slot: ReplicationSlot;
/** A transaction that has written and stays open: a slot cannot be made before it ends, in no database of the server. */
let writer: pg.PoolClient;

beforeAll(async () => {
  database = await startOwnDatabase({ max_slot_wal_keep_size: "1MB" });
});

afterAll(async () => {
  await database.dispose();
});

beforeEach(async () => {
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  relay = new pg.Pool({ connectionString: database.relayUrl, max: 2 });
  slot = createReplicationSlot(
    relay,
    { slot: name, publication: "outbox", table: outboxTable },
    pino({ level: "silent" }),
  );
  writer = await owner.connect();
  await writer.query("begin");
  await insertRow(writer);
});

afterEach(async () => {
  writer.release(true);
  await relay.end();
  await owner.query("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
  await owner.end();
});

async function slots(): Promise<{ plugin: string; failover: boolean; active: boolean }[]> {
  const { rows } = await owner.query(
    `select plugin, coalesce((to_jsonb(s) ->> 'failover')::boolean, false) as failover, active
       from pg_replication_slots s where slot_name = $1`,
    [name],
  );
  return rows;
}

async function nothingIsLeft(): Promise<void> {
  await eventually(async () => {
    const { rows } = await owner.query(
      `select query from pg_stat_activity
        where datname = current_database() and usename = 'outbox_relay' and state <> 'idle'`,
    );
    expect(rows).toEqual([]);
    expect(await slots()).toEqual([]);
  });
}

const prepare = (signal = new AbortController().signal) => slot.prepare(0n, { anew: false, signal });

test("while a transaction stays open the slot is given up in seconds, says why, and leaves nothing behind; then it is made", async () => {
  await expect(prepare()).rejects.toMatchObject({
    code: "SLOT_NOT_MADE",
    message: expect.stringMatching(/transaction that is open/),
  });
  await nothingIsLeft();
  await writer.query("commit");
  expect(await prepare()).toMatchObject({ complete: false });
  expect(await slots()).toEqual([{ plugin: "pgoutput", failover: hasFailoverSlots(), active: false }]);
});

test("a stop does not wait for a slot that is being made, and leaves nothing behind", async () => {
  const stop = new AbortController();
  const preparing = prepare(stop.signal);
  preparing.catch(() => {});
  await eventually(async () => expect(await slots()).toHaveLength(1));
  const before = performance.now();
  stop.abort();
  await expect(preparing).rejects.toThrow();
  expect(performance.now() - before).toBeLessThan(3_000);
  await nothingIsLeft();
});

test("the limits on its time do not stay with the connections", async () => {
  await writer.query("rollback");
  await prepare();
  const shown = await Promise.all(
    ["lock_timeout", "statement_timeout"].flatMap((setting) =>
      Array.from({ length: 2 }, async () => (await relay.query(`show ${setting}`)).rows[0][setting]),
    ),
  );
  expect(shown).toEqual(["0", "0", "0", "0"]);
});

test("a slot that the server has invalidated is made anew, and what it can no longer give is to come from the table", async () => {
  await writer.query("commit");
  const first = await prepare();
  await eventually(async () => {
    await insertRow(owner);
    await owner.query("select pg_switch_wal()");
    await owner.query("checkpoint");
    const { rows } = await owner.query("select wal_status from pg_replication_slots where slot_name = $1", [
      name,
    ]);
    expect(rows).toEqual([{ wal_status: "lost" }]);
  });
  const signal = new AbortController().signal;
  const second = await slot.prepare(first.confirmedFlushLsn, { anew: false, signal });
  expect(second.complete).toBe(false);
  expect(second.confirmedFlushLsn).toBeGreaterThan(first.confirmedFlushLsn);
  const { rows } = await owner.query("select wal_status from pg_replication_slots where slot_name = $1", [
    name,
  ]);
  expect(rows).toEqual([{ wal_status: "reserved" }]);
});
