import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { readTopic, uniqueTopic } from "../../test/support/kafka.ts";
import { type PairOptions, startPostgresPair } from "../../test/support/postgres-pair.ts";
import { hasFailoverSlots } from "../../test/support/servers.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow, type RowOptions } from "./testing/outbox-rows.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

const SLOT = "orders_slot";
const KEYS = 20;
/** A stream that is silent for longer is given up. */
const SILENCE_MS = 2_000;

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function start(options: PairOptions) {
  const pair = await startPostgresPair(options);
  stack.defer(() => pair.dispose());
  const pool = openPool(pair.url.owner);
  const topic = uniqueTopic("failover");
  const relay = await startRelay({
    databaseUrl: pair.url.relay,
    slot: SLOT,
    topic,
    more: { RELAY_TICK_INTERVAL_MS: "200", RELAY_TICK_TIMEOUT_MS: `${SILENCE_MS}` },
  });
  stack.defer(() => relay.stop());
  await isReady(relay);
  return { pair, pool, topic, relay };
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 12 });
  pool.on("error", () => {}); // its sessions end with the server
  stack.defer(() => pool.end());
  return pool;
}

/** Sessions that write without a pause, and go on where they can after an error. Returns the ids that were committed for certain. */
function write(pool: pg.Pool): { stop(): Promise<ReadonlySet<string>> } {
  const committed = new Set<string>();
  let writing = true;
  const session = async (name: number) => {
    for (let version = 1; writing; version++) {
      const aggregateId = `order-${name}-${version % KEYS}`;
      const id = await insertRow(pool, { aggregateId, version }).catch(() => undefined);
      if (id === undefined) await sleep(20);
      else committed.add(id);
    }
  };
  const sessions = Promise.all([0, 1, 2, 3].map(session));
  return {
    async stop() {
      writing = false;
      await sessions;
      return committed;
    },
  };
}

async function count(pool: pg.Pool, status: "processed" | "new"): Promise<number> {
  const { rows } = await pool.query("select count(*)::int as count from outbox_status where status = $1", [
    status,
  ]);
  return rows[0].count;
}

/** So many more than now. */
async function published(pool: pg.Pool, more: number): Promise<void> {
  const before = await count(pool, "processed");
  const enough = async () => expect(await count(pool, "processed")).toBeGreaterThan(before + more);
  await eventually(enough, { timeoutMs: 30_000 });
}

const modes = async (pool: pg.Pool): Promise<string[]> =>
  (await pool.query("select to_mode from relay_history order by id")).rows.map(({ to_mode }) => to_mode);

/** What was told to be committed is there, and the topic has what is there: no more, no less, in order. */
async function check(pool: pg.Pool, topic: string, committed: ReadonlySet<string>) {
  await eventually(async () => expect(await count(pool, "new")).toBe(0), { timeoutMs: 40_000 });
  const { rows } = await pool.query<{ id: string }>("select id from outbox");
  const kept = new Set(rows.map(({ id }) => id));
  expect([...committed].filter((id) => !kept.has(id))).toEqual([]);
  const result = await checkOutbox(pool, topic);
  expect(result.committed).toBe(rows.length);
  return result;
}

/** Until the stream has it from the WAL, and is held back or has passed it on. */
async function heldBack(pool: pg.Pool): Promise<void> {
  await eventually(async () => {
    const { rows } = await pool.query(
      "select wait_event from pg_stat_activity where pid = (select active_pid from pg_replication_slots where slot_name = $1)",
      [SLOT],
    );
    expect(rows).toEqual([{ wait_event: "WaitForStandbyConfirmation" }]);
  });
}

test("with a slot that the standby keeps up with, the relay streams on from the promoted server: complete, once, in order", {
  timeout: 150_000,
  skip: !hasFailoverSlots(),
}, async () => {
  const { pair, pool, topic } = await start({ synchronous: true, slotsWait: true });
  const load = write(pool);
  await pair.syncSlot(SLOT);
  await published(pool, 500);

  await pair.failOver();
  await published(pool, 500);
  const made = await pool.query("select synced from pg_replication_slots where slot_name = $1", [SLOT]);
  expect(made.rows).toEqual([{ synced: true }]); // the copy, not a new one
  const committed = await load.stop();
  const { committed: _, ...wrong } = await check(pool, topic, committed);
  expect(wrong).toEqual(nothingWrong);
  expect((await modes(pool)).at(-1)).toBe("cdc");
});

test("while the standby gets nothing the stream waits for it, for however long, and does not give way to polling", {
  timeout: 120_000,
  skip: !hasFailoverSlots(),
}, async () => {
  const { pair, pool, topic } = await start({ synchronous: true, slotsWait: true });
  await pair.syncSlot(SLOT);
  const before = await modes(pool);
  pair.stallReplication();
  const waiting = insertRow(pool, { aggregateId: randomUUID() });
  await heldBack(pool);
  await sleep(2.5 * SILENCE_MS);
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 0, ...nothingWrong });
  expect(await modes(pool)).toEqual(before);

  pair.restoreReplication();
  await check(pool, topic, new Set([await waiting]));
});

test.each([
  { slotsWait: true, lost: "is in no database any more, and not on the topic either" },
  { slotsWait: false, lost: "is in no database any more, and on the topic" },
])(
  "what an asynchronous standby has not got when it is promoted $lost (synchronized_standby_slots: $slotsWait)",
  { timeout: 120_000, skip: !hasFailoverSlots() },
  async ({ slotsWait }) => {
    const { pair, pool, topic } = await start({ synchronous: false, slotsWait });
    await pair.syncSlot(SLOT);
    const kept = await insertRow(pool, { aggregateId: "order", version: 1 });
    await eventually(async () => expect(await count(pool, "processed")).toBe(1), { timeoutMs: 20_000 });
    pair.stallReplication();
    const lost = await insertRow(pool, { aggregateId: "order", version: 2 }); // its client was told that it is committed
    if (slotsWait) await heldBack(pool);
    else await readTopic(topic, { count: 2 });

    await pair.failOver();
    const next = await insertSoon(pool, { aggregateId: "order", version: 3 });
    const { committed: _, ...wrong } = await check(pool, topic, new Set([kept, next]));
    expect(wrong).toEqual({ ...nothingWrong, foreign: slotsWait ? [] : [lost] });
  },
);

/** Once the address leads to the new primary, and the pool's old connections are gone. */
function insertSoon(pool: pg.Pool, row: RowOptions): Promise<string> {
  return eventually(() => insertRow(pool, row), { timeoutMs: 20_000 });
}

test("without the slot on the promoted server, what is not published yet is drained, and a new slot streams: complete, once, in order", {
  timeout: 150_000,
}, async () => {
  const { pair, pool, topic } = await start({ synchronous: true, slotsWait: false });
  const load = write(pool);
  await published(pool, 500);

  await pair.failOver();
  await published(pool, 500);
  const committed = await load.stop();
  await eventually(
    async () => {
      const { rows } = await pool.query(
        "select active, to_jsonb(s) ->> 'synced' as synced from pg_replication_slots s where slot_name = $1",
        [SLOT],
      );
      expect(rows).toEqual([{ active: true, synced: hasFailoverSlots() ? "false" : null }]); // made anew
      expect((await modes(pool)).at(-1)).toBe("cdc");
    },
    { timeoutMs: 30_000 },
  );
  const { committed: _, foreign, ...wrong } = await check(pool, topic, committed);
  expect(wrong).toEqual({ ...nothingWrong, foreign: undefined });
  // The stream may be ahead of the standby by what no client was told of yet.
  expect(foreign.filter((id) => committed.has(id))).toEqual([]);
});
