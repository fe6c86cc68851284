import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { insertOn, makeDay, partitionOf, partitions } from "./testing/outbox-days.ts";
import { openRolesDatabase, type RolesDatabase } from "./testing/roles-database.ts";

let database: RolesDatabase;
let owner: pg.Pool;
let relay: pg.Pool;

beforeEach(async () => {
  database = await openRolesDatabase();
  ({ owner, relay } = database);
});

afterEach(() => database.close());

async function drop(client: pg.Pool | pg.Client = relay, retention = "7 days"): Promise<string | null> {
  const { rows } = await client.query("select outbox_drop_partition($1) as dropped", [retention]);
  return rows[0].dropped;
}

/** As the relay's checkpoint would be once it has published all that is committed. */
async function allPublished(name = "orders"): Promise<void> {
  await owner.query(
    `insert into relay_checkpoint (relay, published) values ($1, pg_current_snapshot())
     on conflict (relay) do update set published = excluded.published`,
    [name],
  );
}

async function parked(id: string): Promise<void> {
  await owner.query(
    `insert into outbox_dead_letter (relay, id, position, transaction_id, aggregate_type, aggregate_id,
            aggregate_version, event_type, payload, headers, created_at, reason)
     select 'orders', id, position, transaction_id, aggregate_type, aggregate_id,
            aggregate_version, event_type, payload, headers, created_at, 'no_topic' from outbox where id = $1`,
    [id],
  );
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

test("what is old and wholly published goes, the oldest first and one at a call, by a role that owns nothing", async () => {
  for (const daysAgo of [9, 20, 10]) {
    await makeDay(owner, daysAgo);
    await insertOn(owner, daysAgo);
  }
  const young = await insertOn(owner, 0);
  await allPublished();
  await expect(relay.query(`drop table ${partitionOf(20)}`)).rejects.toThrow("must be owner");
  expect(await drop()).toBe(partitionOf(20));
  expect(await partitions(owner)).toContain(partitionOf(10));
  expect(await drop()).toBe(partitionOf(10));
  expect(await drop()).toBe(partitionOf(9));
  expect(await drop()).toBeNull();
  expect((await owner.query("select id from outbox")).rows).toEqual([{ id: young }]);
  expect((await owner.query("select to_regclass($1) as gone", [partitionOf(20)])).rows).toEqual([
    { gone: null },
  ]);
});

test("a partition goes only when its last moment is older than the retention", async () => {
  await makeDay(owner, 2);
  await makeDay(owner, 1);
  await allPublished();
  // Yesterday's ended less than a day ago, whatever the time is now; the day before ended at least a day ago.
  expect(await drop(relay, "24 hours")).toBe(partitionOf(2));
  expect(await drop(relay, "24 hours")).toBeNull();
  expect(await drop(relay, "0 hours")).toBe(partitionOf(1));
});

test.each(["0 hours", "-30 days", null])(
  "neither today's partition, nor one of the days to come, nor the default one goes with a retention of %s",
  async (retention) => {
    await insertOn(owner, 400);
    await allPublished();
    const { rows } = await relay.query("select outbox_drop_partition($1) as dropped", [retention]);
    expect(rows).toEqual([{ dropped: null }]);
    expect((await partitions(owner)).length).toBe(8);
    expect((await owner.query("select count(*)::int as count from outbox_default")).rows).toEqual([
      { count: 1 },
    ]);
  },
);

describe("a partition stays", () => {
  test("as long as there is no relay at all", async () => {
    await makeDay(owner, 30);
    expect(await drop()).toBeNull();
    await allPublished();
    expect(await drop()).toBe(partitionOf(30));
  });

  test("as long as any relay has not published one of its rows, and holds up no younger one", async () => {
    await makeDay(owner, 30);
    await makeDay(owner, 20);
    await insertOn(owner, 20);
    await allPublished("fast");
    await allPublished("slow");
    await insertOn(owner, 30);
    expect(await drop()).toBe(partitionOf(20));
    await allPublished("fast");
    expect(await drop()).toBeNull();
    await allPublished("slow");
    expect(await drop()).toBe(partitionOf(30));
  });

  test("as long as a transaction that was in progress at the checkpoint has written to it", async () => {
    await makeDay(owner, 30);
    const late = await database.session("owner");
    await late.query("begin");
    await insertOn(late, 30);
    await allPublished();
    await late.query("commit");
    expect(await drop()).toBeNull();
    await allPublished();
    expect(await drop()).toBe(partitionOf(30));
  });

  test("as long as one of its rows is a dead letter", async () => {
    await makeDay(owner, 30);
    await parked(await insertOn(owner, 30));
    await allPublished();
    expect(await drop()).toBeNull();
    await owner.query("delete from outbox_dead_letter");
    expect(await drop()).toBe(partitionOf(30));
  });
});

describe("while a transaction is open that", () => {
  /** With a wait for each of them it would take 4 s. */
  const manyDays = Array.from({ length: 20 }, (_, i) => 30 - i);

  test("has written to an old partition, no partition goes, the answer comes at once, and others can write", async () => {
    for (const daysAgo of manyDays) await makeDay(owner, daysAgo);
    await allPublished();
    const writer = await database.session("owner");
    await writer.query("begin");
    await insertOn(writer, 30);
    const dropping = elapsed(async () => expect(await drop()).toBeNull());
    const writing = elapsed(async () => {
      for (let i = 0; i < 20; i++) await insertOn(owner, 0);
    });
    expect(await dropping).toBeLessThan(2_000);
    expect(await writing).toBeLessThan(2_000);
    await writer.query("commit");
    // Its row is not published.
    expect(await drop()).toBe(partitionOf(29));
  });

  test("has written to today's partition or reads, others wait for the drop 0.2 s at the most, not for the transaction", async () => {
    for (const daysAgo of manyDays) await makeDay(owner, daysAgo);
    await allPublished();
    const open = await database.session("owner");
    await open.query("begin");
    await insertOn(open, 0);
    const dropping = elapsed(async () => expect(await drop()).toBeNull());
    const writing = elapsed(() => insertOn(owner, 0));
    expect(await writing).toBeLessThan(2_000);
    expect(await dropping).toBeLessThan(2_000);
    await open.query("rollback");
    await open.query("begin");
    await open.query("select * from outbox");
    expect(await drop()).toBeNull();
    await open.query("commit");
    expect(await drop()).toBe(partitionOf(30));
  });
});

test("a caller whose snapshot is older than what has been committed since is refused: it would not see the newest rows", async () => {
  await makeDay(owner, 30);
  await allPublished();
  const caller = await database.session("relay");
  await caller.query("begin isolation level repeatable read");
  await caller.query("select 1 from outbox limit 1");
  await caller.query("commit");
  await caller.query("begin isolation level repeatable read");
  await caller.query("select 1");
  await insertOn(owner, 30);
  await expect(drop(caller)).rejects.toThrow(/read committed/);
  await caller.query("rollback");
  expect(await drop()).toBeNull();
});

test("temporary tables of the caller with the names of the real ones are not looked at", async () => {
  await makeDay(owner, 30);
  await parked(await insertOn(owner, 30));
  await makeDay(owner, 20);
  await insertOn(owner, 20);
  await owner.query(
    "insert into relay_checkpoint (relay, published) select 'orders', ('1:' || transaction_id || ':')::pg_snapshot from outbox where created_at > now() - interval '25 days'",
  );
  const caller = await database.session("relay");
  await caller.query("create temporary table outbox (like public.outbox) partition by range (created_at)");
  await caller.query("create temporary table outbox_dead_letter (like public.outbox_dead_letter)");
  await caller.query("create temporary table relay_checkpoint (like public.relay_checkpoint)");
  await caller.query("insert into pg_temp.relay_checkpoint select * from public.relay_checkpoint");
  await caller.query("update pg_temp.relay_checkpoint set published = '1000000000:1000000000:'");
  expect(await drop(caller)).toBeNull();
  expect((await owner.query("select count(*)::int as count from outbox")).rows).toEqual([{ count: 2 }]);
});

test("a temporary table with a partition's name is not taken for the partition", async () => {
  await owner.query(`drop table ${partitionOf(-3)}`);
  const caller = await database.session("relay");
  await caller.query(`create temporary table ${partitionOf(-3)} (id uuid)`);
  const { rows } = await caller.query("select outbox_make_partitions() as made");
  expect(rows).toEqual([{ made: 1 }]);
  expect(await partitions(owner)).toContain(partitionOf(-3));
});

test("another role may not call it", async () => {
  const { api } = database;
  await expect(api.query("select outbox_drop_partition('1 day')")).rejects.toThrow("permission denied");
});
