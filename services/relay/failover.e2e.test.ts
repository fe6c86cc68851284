import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { startPostgresPair } from "../../test/support/postgres-pair.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow } from "./testing/outbox-rows.ts";
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

async function start() {
  const pair = await startPostgresPair();
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

test("with a slot that the standby keeps up with, the relay streams on from the promoted server: complete, once, in order", {
  timeout: 150_000,
}, async () => {
  const { pair, pool, topic } = await start();
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

test("what the standby has not got is not published: it would be on the topic though no server has it", {
  timeout: 120_000,
}, async () => {
  const { pair, pool, topic } = await start();
  await pair.syncSlot(SLOT);
  const before = await modes(pool);
  const standby = openPool(pair.standbyUrl);
  const receiver = await standby.query("select pid from pg_stat_wal_receiver");
  process.kill(receiver.rows[0].pid, "SIGSTOP");
  stack.defer(() => void process.kill(receiver.rows[0].pid, "SIGCONT"));

  // Waits for the standby, though its row is in the primary's WAL.
  const waiting = insertRow(pool, { aggregateId: randomUUID() });
  await eventually(async () => {
    const { rows } = await pool.query(
      "select wait_event from pg_stat_activity where pid = (select active_pid from pg_replication_slots where slot_name = $1)",
      [SLOT],
    );
    expect(rows).toEqual([{ wait_event: "WaitForStandbyConfirmation" }]);
  });
  await sleep(2.5 * SILENCE_MS);
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 0, ...nothingWrong });
  expect(await modes(pool)).toEqual(before);

  process.kill(receiver.rows[0].pid, "SIGCONT");
  const id = await waiting;
  await check(pool, topic, new Set([id]));
});

test("without the slot on the promoted server, what is not published yet is drained, and a new slot streams: complete, once, in order", {
  timeout: 150_000,
}, async () => {
  const { pair, pool, topic } = await start();
  const load = write(pool);
  await published(pool, 500);

  await pair.failOver();
  await published(pool, 500);
  const committed = await load.stop();
  await eventually(
    async () => {
      const { rows } = await pool.query("select active from pg_replication_slots where slot_name = $1", [
        SLOT,
      ]);
      expect(rows).toEqual([{ active: true }]);
    },
    { timeoutMs: 30_000 },
  );
  const { committed: _, foreign, ...wrong } = await check(pool, topic, committed);
  expect(wrong).toEqual({ ...nothingWrong, foreign: undefined });
  // The stream may be ahead of the standby by what no client was told of yet.
  expect(foreign.filter((id) => committed.has(id))).toEqual([]);
});
