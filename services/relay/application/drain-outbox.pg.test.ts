import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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
async function drain({
  batches = Number.POSITIVE_INFINITY,
  save = true,
  onBatch = async () => {},
}: {
  readonly batches?: number;
  readonly save?: boolean;
  readonly onBatch?: () => Promise<void>;
} = {}): Promise<number> {
  const checkpoints = createCheckpointRepository(pool, "test");
  const loaded = await checkpoints.load();
  const saver = createCheckpointSaver({ checkpoints, epoch: 1n, intervalMs: 0, loaded });
  const halt = new AbortController();
  let acked = 0;
  const delivery: Delivery = {
    async deliver(events) {
      published.push(...events.map(({ id, position }) => ({ id, position: BigInt(position) })));
      await onBatch();
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

test("a drain that takes minutes lets vacuum go on: it takes a new view of the table now and then, and goes on where it was", async () => {
  // Some 100 of these make a page.
  await asOwner((owner) => insertRows(owner, { count: 600, payloadBytes: 20_000 }));
  const expected = await idsByPosition();
  let minutes = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => minutes * 60_000);
  const views = new Set<string>();
  try {
    await drain({
      async onBatch() {
        minutes += 0.3;
        await asOwner(async (owner) => {
          await insertRow(owner);
          // By the start of the transaction: its xmin may be held back by others in the cluster as well.
          const { rows } = await owner.query(
            `select xact_start::text from pg_stat_activity
              where datname = current_database() and usename = 'outbox_relay' and backend_xmin is not null`,
          );
          for (const { xact_start } of rows) views.add(xact_start);
        });
      },
    });
  } finally {
    clock.mockRestore();
  }
  expect(views.size).toBeGreaterThan(2);
  expect(ids()).toEqual(expected);
});
