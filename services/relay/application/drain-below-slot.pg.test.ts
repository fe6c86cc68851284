import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { type OwnDatabase, startOwnDatabase } from "../../../test/support/own-database.ts";
import { createUuidSet } from "../domain/uuid-set.ts";
import { createCheckpointRepository } from "../infrastructure/postgres/checkpoint-repository.ts";
import { createOutboxTable } from "../infrastructure/postgres/outbox-table.ts";
import { createWalHeartbeat } from "../infrastructure/postgres/wal-heartbeat.ts";
import { insertRow } from "../testing/outbox-rows.ts";
import { outboxTable } from "../testing/recorded-stream.ts";
import { silentObserver } from "../testing/silent-observer.ts";
import { createAlreadyPublished } from "./already-published.ts";
import { createCheckpointSaver } from "./checkpoint-saver.ts";
import { drainBelowSlot } from "./drain-below-slot.ts";

let database: OwnDatabase;
let owner: pg.Pool;
let relay: pg.Pool;

beforeAll(async () => {
  database = await startOwnDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  // Whoever does not ask for it waits for no standby.
  await owner.query("alter role outbox_relay set synchronous_commit = local");
  await owner.query("alter role current_user set synchronous_commit = local");
  await owner.query("alter system set synchronous_standby_names = 'nowhere'");
  await owner.query("select pg_reload_conf()");
  relay = new pg.Pool({ connectionString: database.relayUrl });
  await relay.query("insert into relay_checkpoint (relay, epoch) values ('test', 1)");
});

afterAll(async () => {
  await relay?.end();
  await owner?.end();
  await database?.dispose();
});

async function session(): Promise<{ client: pg.Client; pid: number }> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  const { rows } = await client.query("select pg_backend_pid() as pid");
  return { client, pid: rows[0].pid };
}

/** A transaction that has an id and does nothing more. */
async function openTransaction(): Promise<{ client: pg.Client; pid: number }> {
  const open = await session();
  await open.client.query("begin");
  await open.client.query("select pg_current_xact_id()");
  return open;
}

const waitsFor = (pid: number, other: { readonly pid: number }) =>
  eventually(async () => {
    const { rows } = await owner.query("select pg_blocking_pids($1) as pids", [pid]);
    expect(rows[0].pids).toEqual([other.pid]);
  });

/** Publishes nowhere: notes what would be. */
async function drain(delivered: string[], onDrain: () => void): Promise<void> {
  const table = createOutboxTable(relay, outboxTable);
  const checkpoints = createCheckpointRepository(relay, "test");
  const signal = new AbortController().signal;
  const nothing = { ids: createUuidSet(), transactionIds: [], startOffsets: {}, endOffsets: {}, gaps: [] };
  await drainBelowSlot(
    {
      heartbeat: createWalHeartbeat(relay, "test", { publication: "outbox", table: outboxTable }),
      table: {
        openDrain(...args) {
          onDrain();
          return table.openDrain(...args);
        },
      },
      pollIntervalMs: 20,
      observer: silentObserver,
      log: pino({ level: "silent" }),
      batch: { events: 10, bytes: 1_000_000 },
    },
    {
      epoch: 1n,
      saver: createCheckpointSaver({
        checkpoints,
        epoch: 1n,
        intervalMs: 0,
        loaded: await checkpoints.load(),
      }),
      halt: signal,
      abandon: signal,
      alreadyPublished: createAlreadyPublished(nothing),
      delivery: {
        deliver: async (events) => void delivered.push(...events.map(({ id }) => id)),
        release: async () => {},
        endOffsets: {},
      },
    },
  );
}

test("a commit that a new slot has passed before any snapshot saw it, for it waits for a standby, is drained", async () => {
  // Making a slot waits for those that run, and then for those that have begun meanwhile; what begins after that it does not.
  const first = await openTransaction();
  const maker = await session();
  const making = maker.client.query("select pg_create_logical_replication_slot('below', 'pgoutput')");
  await waitsFor(maker.pid, first);
  const second = await openTransaction();
  await first.client.query("rollback");
  await waitsFor(maker.pid, second);

  const writer = await session();
  await writer.client.query("begin");
  const id = await insertRow(writer.client);
  await writer.client.query("set local synchronous_commit = on");
  const committing = writer.client.query("commit");
  await eventually(async () => {
    const { rows } = await owner.query("select wait_event from pg_stat_activity where pid = $1", [
      writer.pid,
    ]);
    expect(rows[0].wait_event).toBe("SyncRep");
  });
  await second.client.query("rollback");
  await making;

  const delivered: string[] = [];
  let drains = 0;
  const draining = drain(delivered, () => {
    drains += 1;
  });
  await eventually(() => expect(drains).toBeGreaterThan(1));
  expect(delivered).toEqual([]);
  await owner.query("alter system reset synchronous_standby_names");
  await owner.query("select pg_reload_conf()");
  await committing;
  await draining;
  expect(delivered).toEqual([id]);

  // The slot does not have it: 'I' is an Insert message of pgoutput.
  const { rows } = await owner.query(
    `select count(*)::int as inserts
       from pg_logical_slot_peek_binary_changes('below', null, null, 'proto_version', '1', 'publication_names', 'outbox')
      where get_byte(data, 0) = ascii('I')`,
  );
  expect(rows[0].inserts).toBe(0);
  await Promise.all([first, second, maker, writer].map(({ client }) => client.end()));
});
