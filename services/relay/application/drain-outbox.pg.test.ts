import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { createUuidSet } from "../domain/uuid-set.ts";
import { createCheckpointRepository } from "../infrastructure/postgres/checkpoint-repository.ts";
import { createOutboxTable } from "../infrastructure/postgres/outbox-table.ts";
import { insertRow, insertRows } from "../testing/outbox-rows.ts";
import { outboxTable } from "../testing/recorded-stream.ts";
import { silentObserver } from "../testing/silent-observer.ts";
import { createAlreadyPublished } from "./already-published.ts";
import { createCheckpointSaver } from "./checkpoint-saver.ts";
import type { Delivery } from "./delivery.ts";
import { drainOutbox } from "./drain-outbox.ts";

const nothingFound = { ids: createUuidSet(), transactionIds: [], startOffsets: {}, endOffsets: {}, gaps: [] };

let database: TestDatabase;
let pool: pg.Pool;
/** What the broker has acked, in order. */
let published: { id: string; position: bigint }[];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.relayUrl });
  published = [];
  await pool.query("insert into relay_checkpoint (relay, epoch) values ('test', 1)");
});

afterEach(async () => {
  await pool.end();
  await database.drop();
});

/** One drain from the stored checkpoint by the real table; stops when `batches` have been acked, as a relay that is halted. */
async function drain({ batches = Number.POSITIVE_INFINITY, save = true } = {}): Promise<number> {
  const checkpoints = createCheckpointRepository(pool, "test");
  const loaded = await checkpoints.load();
  const saver = createCheckpointSaver({ checkpoints, epoch: 1n, intervalMs: 0, loaded });
  const halt = new AbortController();
  let acked = 0;
  const delivery: Delivery = {
    async deliver(events) {
      published.push(...events.map(({ id, position }) => ({ id, position: BigInt(position) })));
      acked += 1;
      if (acked >= batches) halt.abort();
    },
    release: async () => {},
    endOffsets: {},
  };
  const reading = {
    table: createOutboxTable(pool, outboxTable),
    observer: silentObserver,
    log: pino({ level: "silent" }),
    batch: { events: 50, bytes: 1_000_000 },
  };
  const count = await drainOutbox(reading, {
    epoch: 1n,
    saver,
    halt: halt.signal,
    abandon: new AbortController().signal,
    alreadyPublished: createAlreadyPublished(nothingFound),
    delivery,
  });
  if (save) await saver.flush();
  return count;
}

const ids = () => published.map(({ id }) => id);

async function idsByPosition(): Promise<string[]> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const { rows } = await owner.query("select id from outbox order by position");
  await owner.end();
  return rows.map(({ id }) => id);
}

async function asOwner<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test("a drain that was halted goes on after the last acked event, and what came meanwhile follows in the next", async () => {
  await asOwner((owner) => insertRows(owner, { count: 500 }));
  expect(await drain({ batches: 3 })).toBeLessThan(500);
  await asOwner((owner) => insertRows(owner, { count: 100, firstVersion: 1_000 }));
  await drain();
  expect(ids()).toEqual((await idsByPosition()).slice(0, 500));
  await drain();
  expect(ids()).toEqual(await idsByPosition());
  expect(await drain()).toBe(0);
});

test("rows of transactions that were open at a drain come in the next one, whatever their position and id", async () => {
  await asOwner(async (early) => {
    await early.query("begin");
    await early.query("savepoint s");
    await insertRow(early);
    await asOwner((later) => insertRow(later));
    await drain();
    expect(published.map(({ position }) => position)).toEqual([2n]);
    await early.query("release s");
    await early.query("commit");
  });
  await drain();
  expect(published.map(({ position }) => position)).toEqual([2n, 1n]);
});

test("the cost of a poll with nothing new does not grow with the rows that are kept", async () => {
  await asOwner((owner) => insertRows(owner, { count: 50_000 }));
  await drain();
  published = [];
  await asOwner((owner) => owner.query("analyze outbox"));
  const { rows } = await pool.query(
    `explain (analyze, buffers, format json)
     select id from outbox
      where transaction_id >= pg_snapshot_xmin((select published from relay_checkpoint))
        and not pg_visible_in_snapshot(transaction_id, (select published from relay_checkpoint))
      order by position`,
  );
  const plan = rows[0]["QUERY PLAN"][0].Plan;
  expect(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]).toBeLessThan(100);
});
