import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { insertRow } from "../../testing/outbox-rows.ts";
import { openRecordedStream, outboxTable } from "../../testing/recorded-stream.ts";
import { createReplicationSlot } from "./replication-slot.ts";

let database: TestDatabase;
let owner: pg.Pool;
let relay: pg.Pool;
let name: string;

beforeEach(async () => {
  database = await createTestDatabase();
  name = `${database.name}_slot`;
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  relay = new pg.Pool({ connectionString: database.relayUrl });
});

afterEach(async () => {
  await relay.end();
  await owner.end();
  await database.drop();
});

const prepare = (confirmedLsn: bigint) =>
  createReplicationSlot(
    relay,
    { slot: name, publication: "outbox", table: outboxTable },
    pino({ level: "silent" }),
  ).prepare(confirmedLsn, { anew: false, signal: new AbortController().signal });

const makeSlot = (client: pg.Pool | pg.Client) =>
  client.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [name]);

test("a slot is complete when its position is the checkpoint's or before it, and not when it is one byte beyond", async () => {
  await makeSlot(owner);
  const { confirmedFlushLsn } = await prepare(0n);
  expect(await prepare(confirmedFlushLsn)).toMatchObject({ complete: true, confirmedFlushLsn });
  expect(await prepare(confirmedFlushLsn + 8n)).toMatchObject({ complete: true, confirmedFlushLsn });
  expect(await prepare(confirmedFlushLsn - 1n)).toMatchObject({ complete: false, confirmedFlushLsn });
});

test("a slot that a leader before still streams from is taken from it, with all that it has not confirmed", async () => {
  await makeSlot(owner);
  const before = await openRecordedStream({ databaseUrl: database.relayUrl, slot: name });
  await insertRow(owner);
  await eventually(() => expect(before.transactions).toHaveLength(1));
  await prepare(0n);
  await expect(before.stream.lost).resolves.toMatchObject({ code: "STREAM_LOST" });
  const after = await openRecordedStream({ databaseUrl: database.relayUrl, slot: name });
  await eventually(() => expect(after.events.map(({ id }) => id)).toEqual(before.events.map(({ id }) => id)));
  after.stream.destroy();
});

test("a slot of another database is nobody's to stream from or to drop", async () => {
  const other = await createTestDatabase();
  await asSuperuser(other.ownerUrl, makeSlot);
  await expect(prepare(0n)).rejects.toMatchObject({ code: "SLOT_WRONG" });
  const { rows } = await owner.query("select database from pg_replication_slots where slot_name = $1", [
    name,
  ]);
  expect(rows).toEqual([{ database: other.name }]);
  await other.drop();
});
