import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../test/support/eventually.ts";
import { insertOn } from "./testing/outbox-days.ts";
import { openRolesDatabase, type RolesDatabase } from "./testing/roles-database.ts";

let database: RolesDatabase;
let owner: pg.Pool;
let relay: pg.Pool;

beforeEach(async () => {
  database = await openRolesDatabase();
  ({ owner, relay } = database);
  await owner.query("insert into relay_checkpoint (relay) values ('orders')");
});

afterEach(() => database.close());

async function reset(way: "adopt" | "republish", name = "orders"): Promise<string> {
  const { rows } = await relay.query("select outbox_reset_checkpoint($1, $2) as left", [
    name,
    way === "republish",
  ]);
  return rows[0].left;
}

/** The ids of the events that are left to publish, by the view. */
async function unpublished(): Promise<string[]> {
  const { rows } = await owner.query(
    "select id from outbox_status where relay = 'orders' and status = 'new' order by position",
  );
  return rows.map(({ id }) => id);
}

/** A row as it comes out of another cluster's dump, whose transactions were numbered far higher. */
async function insertFromElsewhere(): Promise<string> {
  const id = await insertOn(owner, 0);
  await owner.query("update outbox set transaction_id = '900000000000' where id = $1", [id]);
  return id;
}

/** A transaction that has its id, and has not touched the outbox yet. */
async function beginWriting(): Promise<pg.Client> {
  const writer = await database.session("owner");
  await writer.query("begin");
  await writer.query("select pg_current_xact_id()");
  return writer;
}

/** No relay takes such a checkpoint for one that is ahead of the database. */
async function isAhead(): Promise<boolean> {
  const { rows } = await owner.query(
    "select pg_snapshot_xmax(published) > pg_snapshot_xmax(pg_current_snapshot()) as ahead from relay_checkpoint",
  );
  return rows[0].ahead;
}

test("adopt takes all that is committed as published, rows of another cluster among it, and nothing that comes after", async () => {
  await insertOn(owner, 0);
  await insertFromElsewhere();
  await insertOn(owner, 0);
  expect(await reset("adopt")).toBe("0");
  expect(await unpublished()).toEqual([]);
  expect(await isAhead()).toBe(false);
  const later = await insertOn(owner, 0);
  expect(await unpublished()).toEqual([later]);
});

test("republish leaves all that is committed to publish, and once a checkpoint has seen it no row of it comes again", async () => {
  const ids = [await insertOn(owner, 0), await insertFromElsewhere(), await insertOn(owner, 0)];
  await owner.query("update relay_checkpoint set published = pg_current_snapshot()");
  expect(await reset("republish")).toBe("3");
  expect(await unpublished()).toEqual(ids);
  await owner.query("update relay_checkpoint set published = pg_current_snapshot()");
  expect(await unpublished()).toEqual([]);
});

test.each([
  ["adopt", 0],
  ["republish", 1],
] as const)(
  "%s loses no transaction that is in progress meanwhile and writes to the outbox only afterwards",
  async (way, before) => {
    await insertOn(owner, 0);
    const [older, other] = [await beginWriting(), await beginWriting()];
    await reset(way);
    const [rolledBack, late] = [await insertOn(other, 0), await insertOn(older, 0)];
    await other.query("rollback");
    await older.query("commit");
    const ids = await unpublished();
    expect(ids).toContain(late);
    expect(ids).not.toContain(rolledBack);
    expect(ids.length).toBe(before + 1);
  },
);

test("what commits while the reset waits for its lock counts as published, what is in progress after it does not", async () => {
  const [holder, first, second] = (await Promise.all([1, 2, 3].map(() => database.session("owner")))) as [
    pg.Client,
    pg.Client,
    pg.Client,
  ];
  for (const client of [holder, first, second]) {
    await client.query("begin");
    // As an insert that had no rows to insert: the lock is there, a transaction id is not.
    await client.query("lock table outbox in row exclusive mode");
  }
  const idle = await beginWriting();
  const resetting = reset("adopt");
  await eventually(async () => {
    const { rows } = await owner.query("select from pg_locks where not granted");
    expect(rows.length).toBe(1);
  });
  // Their ids are higher than that of the reset's own transaction.
  await insertOn(first, 0);
  const overtaking = await beginWriting();
  await insertOn(second, 0);
  for (const client of [holder, second, first]) await client.query("commit");
  expect(await resetting).toBe("0");
  expect(await unpublished()).toEqual([]);
  const late = [await insertOn(idle, 0), await insertOn(overtaking, 0)];
  await idle.query("commit");
  await overtaking.query("commit");
  expect(await unpublished()).toEqual(late);
  expect(await isAhead()).toBe(false);
});

test("writers wait while it runs and no longer, readers do not wait, and it waits 5 s for them at the most", async () => {
  const resetting = await database.session("relay");
  await resetting.query("begin");
  await resetting.query("select outbox_reset_checkpoint('orders', false)");
  const writing = insertOn(owner, 0);
  await relay.query("select count(*) from outbox");
  await eventually(async () => {
    const { rows } = await owner.query("select from pg_locks where not granted");
    expect(rows.length).toBe(1);
  });
  await resetting.query("commit");
  const written = await writing;
  expect(await unpublished()).toEqual([written]);

  const writer = await database.session("owner");
  await writer.query("begin");
  await insertOn(writer, 0);
  const begin = performance.now();
  await expect(reset("adopt")).rejects.toThrow("lock timeout");
  expect(performance.now() - begin).toBeLessThan(7_000);
  expect(await unpublished()).toHaveLength(1);
});

test("the rest of the checkpoint starts anew, and a leader that is at work loses it", async () => {
  await owner.query(
    `update relay_checkpoint
        set drain_snapshot = pg_current_snapshot(), drain_position = 5, published_offsets = '{"t": {"0": "7"}}',
            confirmed_lsn = '0/7', confirmed_offsets = '{"t": {"0": "7"}}', system_identifier = 'another', epoch = 4`,
  );
  await reset("adopt");
  const { rows } = await owner.query(
    `select drain_snapshot, drain_position, published_offsets, confirmed_lsn, confirmed_offsets, system_identifier, epoch
       from relay_checkpoint`,
  );
  expect(rows).toEqual([
    {
      drain_snapshot: null,
      drain_position: null,
      published_offsets: {},
      confirmed_lsn: "0/0",
      confirmed_offsets: {},
      system_identifier: null,
      epoch: "5",
    },
  ]);
});

test("another relay's checkpoint stays as it is, and an unknown one is an error that changes nothing", async () => {
  await owner.query("insert into relay_checkpoint (relay) values ('other')");
  const elsewhere = await insertFromElsewhere();
  await expect(reset("adopt", "nobody")).rejects.toThrow("there is no relay nobody");
  const { rows } = await owner.query("select transaction_id::text as xid from outbox where id = $1", [
    elsewhere,
  ]);
  expect(rows).toEqual([{ xid: "900000000000" }]);
  await reset("adopt");
  const other = await owner.query("select published, epoch from relay_checkpoint where relay = 'other'");
  expect(other.rows).toEqual([{ published: "1:1:", epoch: "0" }]);
  const history = await owner.query("select relay, reason from relay_history");
  expect(history.rows).toEqual([
    { relay: "orders", reason: "reset: all that is in the outbox counts as published" },
  ]);
});

test("dead letters outlive adopt; republish clears them away, for their events come again from the outbox", async () => {
  const id = await insertFromElsewhere();
  await owner.query(
    `insert into outbox_dead_letter (relay, id, position, transaction_id, aggregate_type, aggregate_id,
            aggregate_version, event_type, payload, headers, created_at, reason)
     select relay, id, position, transaction_id, aggregate_type, aggregate_id,
            aggregate_version, event_type, payload, headers, created_at, 'no_topic'
       from outbox, (values ('orders'), ('other')) as relays (relay)`,
  );
  await reset("adopt");
  const kept = await owner.query(
    "select l.relay, l.transaction_id = o.transaction_id as as_in_outbox from outbox_dead_letter l join outbox o using (id) order by 1",
  );
  expect(kept.rows).toEqual([
    { relay: "orders", as_in_outbox: true },
    { relay: "other", as_in_outbox: true },
  ]);
  await reset("republish");
  expect(await unpublished()).toEqual([id]);
  expect((await owner.query("select relay from outbox_dead_letter")).rows).toEqual([{ relay: "other" }]);
});

test("temporary tables of the caller with the names of the real ones are not looked at, and another role may not call it", async () => {
  const id = await insertOn(owner, 0);
  const caller = await database.session("relay");
  await caller.query("create temporary table outbox (like public.outbox)");
  await caller.query("create temporary table relay_checkpoint (like public.relay_checkpoint)");
  await caller.query("select outbox_reset_checkpoint('orders', true)");
  expect(await unpublished()).toEqual([id]);
  await expect(database.api.query("select outbox_reset_checkpoint('orders', true)")).rejects.toThrow(
    "permission denied",
  );
});
