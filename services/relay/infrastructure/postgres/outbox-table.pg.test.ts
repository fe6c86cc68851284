import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { isVisible, parseSnapshot } from "../../domain/snapshot.ts";
import { insertRow, insertRows } from "../../testing/outbox-rows.ts";
import { outboxTable } from "../../testing/recorded-stream.ts";
import { createOutboxTable } from "./outbox-table.ts";

const NOTHING = "1:1:";
let database: TestDatabase;
let owner: pg.Pool;

beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl });
});

afterEach(async () => {
  await owner.end();
  await database.drop();
});

interface Drained {
  readonly snapshot: string;
  readonly events: readonly OutboxEvent[];
}

async function drain(published: string, limit = 10_000, pool?: pg.Pool): Promise<Drained> {
  const own = pool ?? new pg.Pool({ connectionString: database.relayUrl });
  const open = await createOutboxTable(own, outboxTable).openDrain(published, undefined);
  const events: OutboxEvent[] = [];
  for (let page = await open.read(limit); page.length > 0; page = await open.read(limit))
    events.push(...page);
  await open.close();
  if (!pool) await own.end(); // a session tells what it has read when it ends
  return { snapshot: open.snapshot, events };
}

/** How many rows of the outbox the server has looked at while `work` ran. */
async function rowsLookedAt(work: () => Promise<unknown>): Promise<number> {
  const before = await readSoFar();
  await work();
  return (await readSoFar()) - before;
}

async function readSoFar(): Promise<number> {
  return eventually(async () => {
    const { rows: sessions } = await owner.query(
      "select 1 from pg_stat_activity where datname = current_database() and usename = 'outbox_relay'",
    );
    expect(sessions).toEqual([]);
    const { rows } = await owner.query(
      `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as count
         from pg_stat_all_tables where relname like 'outbox_%' and schemaname = 'public'`,
    );
    return rows[0].count;
  });
}

test("a drain with nothing new looks at next to none of the rows that are kept", async () => {
  await insertRows(owner, { count: 20_000 });
  await owner.query("analyze outbox");
  const { snapshot, events } = await drain(NOTHING);
  expect(events).toHaveLength(20_000);
  // What the first drain has looked at must have been told before it is measured what the second one does.
  await eventually(async () => expect(await readSoFar()).toBeGreaterThanOrEqual(20_000));
  await insertRow(owner);
  const looked = await rowsLookedAt(async () => {
    expect((await drain(snapshot)).events).toHaveLength(1);
  });
  expect(looked).toBeLessThan(100);
});

test("a backlog is looked at once, however many pages it is read in", async () => {
  await insertRows(owner, { count: 20_000 });
  await owner.query("analyze outbox");
  const looked = await rowsLookedAt(async () => {
    expect((await drain(NOTHING, 100)).events).toHaveLength(20_000);
  });
  expect(looked).toBeLessThan(21_000);
});

test("rows come by position, whichever partition and place they lie in", async () => {
  for (const [position, day] of [3, 1, 4, 0, 2, 5].entries()) {
    await owner.query(
      `insert into outbox (position, id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, created_at)
       values ($1, gen_random_uuid(), 'order', 'a', 1, 'OrderCreated', '{}', clock_timestamp() + $2::int * interval '1 day')`,
      [1000 - position, day],
    );
  }
  const { events } = await drain(NOTHING);
  expect(events.map(({ position }) => position)).toEqual(["995", "996", "997", "998", "999", "1000"]);
});

test("a drain has what its snapshot sees and nothing else, while others commit all the time", async () => {
  const relay = new pg.Pool({ connectionString: database.relayUrl });
  let writing = true;
  const writers = Array.from({ length: 4 }, async () => {
    while (writing) await insertRow(owner);
  });
  const drains: Drained[] = [];
  let published = NOTHING;
  await eventually(
    async () => {
      const drained = await drain(published, 10_000, relay);
      drains.push(drained);
      published = drained.snapshot;
      expect(drains.filter(({ events }) => events.length > 0).length).toBeGreaterThan(300);
    },
    { intervalMs: 0, timeoutMs: 20_000 },
  );
  writing = false;
  await Promise.all(writers);
  drains.push(await drain(published, 10_000, relay));
  await relay.end();

  for (const { snapshot, events } of drains) {
    const seen = parseSnapshot(snapshot);
    expect(events.filter(({ transactionId }) => !isVisible(seen, BigInt(transactionId)))).toEqual([]);
  }
  const ids = drains.flatMap(({ events }) => events.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  const { rows } = await owner.query("select count(*)::int from outbox");
  expect(ids).toHaveLength(rows[0].count);
});
