import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { readToEnd, uniqueTopic } from "../../test/support/kafka.ts";
import type { ServiceProcess } from "../../test/support/service-process.ts";
import { countLetters, insertKey } from "./testing/letter-rows.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { type CliRun, runRelayCli } from "./testing/running-cli.ts";
import { type RelayUnderTest, spawnRelay, startRelay } from "./testing/running-relay.ts";
import { limitMessageBytes } from "./testing/topic-settings.ts";

let database: TestDatabase;
let pool: pg.Pool;
let topic: string;
let slot: string;
const running: RelayUnderTest[] = [];
const processes: ServiceProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  topic = uniqueTopic("letters");
  slot = `${database.name}_slot`;
});

afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
  for (const relay of processes.splice(0)) await relay.end("SIGKILL");
  await pool.end();
  await database.drop();
});

const environment = (more: Record<string, string> = {}) => ({
  databaseUrl: database.relayUrl,
  slot,
  topic,
  more: { RELAY_TICK_INTERVAL_MS: "200", ...more },
});

const routed = () => ({ RELAY_TOPICS: `order=${topic},parcel=${topic}` });

async function start(more?: Record<string, string>): Promise<RelayUnderTest> {
  const relay = await startRelay(environment(more));
  running.push(relay);
  return relay;
}

function spawn(more?: Record<string, string>): ServiceProcess {
  const relay = spawnRelay(environment(more));
  processes.push(relay);
  return relay;
}

async function stop(relay: RelayUnderTest): Promise<void> {
  running.splice(running.indexOf(relay), 1);
  await relay.stop();
}

function cli(...args: string[]): Promise<CliRun> {
  return runRelayCli(args, { DATABASE_URL: database.relayUrl, RELAY_NAME: slot });
}

const settled = (all: number, refused: number) =>
  eventually(async () => expect(await countLetters(pool)).toEqual({ all, refused }), { timeoutMs: 20_000 });

/** By the checkpoint; dead letters count as well. */
const allSeen = () =>
  eventually(
    async () => {
      const { rows } = await pool.query(
        "select count(*)::int as count from outbox_status where status = 'new'",
      );
      expect(rows[0].count).toBe(0);
    },
    { timeoutMs: 20_000 },
  );

/** The event ids on the topic, of one key or of all, in the order of the topic. */
async function onTopic(key?: string): Promise<string[]> {
  const records = await readToEnd(topic);
  return records
    .filter((record) => key === undefined || record.key === key)
    .map(({ headers }) => headers.ce_id ?? "");
}

describe.each(["cdc", "polling"])("in %s mode", (mode) => {
  test("an event that has no topic holds up its key alone, is shown, and follows in order once it is routed and retried", async () => {
    const unrouted = await start({ RELAY_MODE: mode });
    const parcel = await insertKey(pool, { key: "p-1", type: "parcel", count: 3 });
    const order = await insertKey(pool, { key: "p-1", count: 2 });
    await insertKey(pool, { key: "o-1", count: 5 });
    await allSeen();
    await settled(3, 1);
    // The same key, but another aggregate: it flows.
    expect(await onTopic("p-1")).toEqual(order);
    expect(await onTopic()).toHaveLength(7);

    const list = await cli("dead-letters", "list");
    expect(list.exitCode).toBe(0);
    expect(list.stdout.split("\n")[1]).toMatch(
      new RegExp(
        `${parcel[0]} +OrderCreated +p-1 +1 +no_topic +1 +\\S+ \\S+Z +2 +no topic for aggregate_type "parcel"`,
      ),
    );
    const listed = JSON.parse((await cli("dead-letters", "list", "--key", "p-1", "--json")).stdout);
    expect(listed.map(({ id, reason }: { id: string; reason?: string }) => [id, reason])).toEqual([
      [parcel[0], "no_topic"],
      [parcel[1], undefined],
      [parcel[2], undefined],
    ]);

    const early = await cli("dead-letters", "retry", parcel[0] ?? "");
    expect(early.stdout).toMatch(`${parcel[0]} refused again: no_topic`);
    expect(early.exitCode).toBe(1);
    const waiting = await cli("dead-letters", "retry", parcel[1] ?? "");
    expect(waiting.stderr).toMatch(`event ${parcel[1]} only waits behind ${parcel[0]}; retry that one`);
    expect(waiting.exitCode).toBe(1);

    await stop(unrouted);
    await start({ RELAY_MODE: mode, ...routed() });
    parcel.push(...(await insertKey(pool, { key: "p-1", type: "parcel", firstVersion: 4 })));
    await settled(4, 1);
    expect(await onTopic()).toHaveLength(7);
    const retried = await cli("dead-letters", "retry", parcel[0] ?? "");
    expect(retried.stdout).toBe(`${parcel[0]} published, and 3 events behind it published\n`);
    expect(retried.exitCode).toBe(0);
    expect((await onTopic("p-1")).filter((id) => parcel.includes(id))).toEqual(parcel);
    parcel.push(...(await insertKey(pool, { key: "p-1", type: "parcel", firstVersion: 5 })));
    await allSeen();
    await settled(0, 0);
    expect(await checkOutbox(pool, topic)).toMatchObject({
      committed: 12,
      lost: [],
      repeated: [],
      parked: [],
    });

    const history = JSON.parse((await cli("history", "--json")).stdout);
    const asked = history
      .map(({ reason }: { reason: string }) => reason)
      .filter((reason: string) => /asked/.test(reason));
    expect(asked).toEqual([
      expect.stringMatching(`^dead letter ${parcel[0]}: retry asked for by \\S+@\\S+$`),
      expect.stringMatching(`^dead letter ${parcel[0]}: retry asked for by \\S+@\\S+$`),
    ]);
  });

  test("a discarded event never comes, and what waited behind it comes in order", async () => {
    const unrouted = await start({ RELAY_MODE: mode });
    const parcel = await insertKey(pool, { key: "p-1", type: "parcel", count: 4 });
    await settled(4, 1);
    await stop(unrouted);
    await start({ RELAY_MODE: mode, ...routed() });
    const unsure = await cli("dead-letters", "discard", parcel[0] ?? "");
    expect(unsure.exitCode).toBe(2);
    expect(unsure.stderr).toMatch("add --yes");
    const discarded = await cli("dead-letters", "discard", parcel[0] ?? "", "--yes");
    expect(discarded.stdout).toBe(`${parcel[0]} discarded, and 3 events behind it published\n`);
    await settled(0, 0);
    expect(await onTopic()).toEqual(parcel.slice(1));
    const again = await cli("dead-letters", "discard", parcel[0] ?? "", "--yes");
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch("no dead letter with the event id");
  });

  test("what is parked survives a kill of the relay and what comes meanwhile waits behind it, in order", async () => {
    const first = spawn({ RELAY_MODE: mode });
    const parcel = await insertKey(pool, { key: "p-1", type: "parcel", count: 20 });
    await eventually(async () => expect((await countLetters(pool)).refused).toBe(1), { timeoutMs: 20_000 });
    await first.end("SIGKILL");
    parcel.push(...(await insertKey(pool, { key: "p-1", type: "parcel", count: 20, firstVersion: 21 })));
    const second = spawn({ RELAY_MODE: mode });
    await settled(40, 1);
    await second.end("SIGKILL");
    await start({ RELAY_MODE: mode, ...routed() });
    parcel.push(...(await insertKey(pool, { key: "p-1", type: "parcel", count: 20, firstVersion: 41 })));
    await settled(60, 1);
    const retried = await cli("dead-letters", "retry", "--key", "p-1");
    expect(retried).toMatchObject({
      exitCode: 0,
      stdout: `${parcel[0]} published, and 59 events behind it published\n`,
    });
    expect(await onTopic("p-1")).toEqual(parcel);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 60, ...nothingWrong });
  });

  test("kills at any moment of a release of many events lose, repeat and reorder nothing", {
    timeout: 180_000,
  }, async () => {
    const keys = ["a", "b", "c"];
    let relay = spawn({ RELAY_MODE: mode });
    for (const key of keys) await insertKey(pool, { key, type: "parcel", count: 1_500 });
    await settled(4_500, 3);
    await relay.end("SIGKILL");
    relay = spawn({ RELAY_MODE: mode, ...routed() });
    await relay.started();
    const asked = await cli("dead-letters", "retry", "--all", "--wait", "0");
    expect(asked.exitCode).toBe(0);
    for (let round = 0; round < 5; round++) {
      const before = (await countLetters(pool)).all;
      // From the first removal on, up to a quarter of a second later.
      await eventually(
        async () => {
          const { all } = await countLetters(pool);
          if (all === before && all > 0) throw new Error("nothing has been released yet");
        },
        { timeoutMs: 20_000, intervalMs: 2 },
      );
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      await relay.end("SIGKILL");
      await insertKey(pool, {
        key: keys[round % 3] ?? "",
        type: "parcel",
        count: 200,
        firstVersion: 2_000 + round * 200,
      });
      relay = spawn({ RELAY_MODE: mode, ...routed() });
    }
    await allSeen();
    await settled(0, 0);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 4_500 + 5 * 200, ...nothingWrong });
  });

  test("a kill after the publication of released letters and before their removal repeats nothing", async () => {
    const unrouted = await start({ RELAY_MODE: mode });
    const parcel = await insertKey(pool, { key: "p-1", type: "parcel", count: 10 });
    await allSeen();
    await settled(10, 1);
    await stop(unrouted);
    await cli("dead-letters", "retry", "--all", "--wait", "0");
    const blocker = await pool.connect();
    try {
      await blocker.query("begin");
      // The letters can be read, and not removed.
      await blocker.query("lock table outbox_dead_letter in share mode");
      const killed = spawn({ RELAY_MODE: mode, ...routed() });
      await eventually(async () => expect(await onTopic()).toEqual(parcel), { timeoutMs: 20_000 });
      await killed.end("SIGKILL");
      // Or else the server would go on with the removal, although nobody waits for it any more.
      await pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'outbox_relay'",
      );
    } finally {
      blocker.release(true);
    }
    expect(await countLetters(pool)).toEqual({ all: 10, refused: 1 });
    await start({ RELAY_MODE: mode, ...routed() });
    await settled(0, 0);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 10, ...nothingWrong });
  });

  test("a record that the broker refuses is taken out of its batch alone; with a higher limit of the topic it is published", async () => {
    await limitMessageBytes(topic, 20_000);
    const big = await insertKey(pool, { key: "big", payloadBytes: 30_000 });
    for (let i = 0; i < 30; i++) await insertKey(pool, { key: `small-${i}`, count: 2 });
    big.push(...(await insertKey(pool, { key: "big", firstVersion: 2, count: 3 })));
    await start({ RELAY_MODE: mode });
    await allSeen();
    await settled(4, 1);
    expect(await onTopic()).toHaveLength(60);
    const shown = JSON.parse((await cli("dead-letters", "show", big[0] ?? "", "--json")).stdout);
    expect(shown).toMatchObject({ reason: "too_large", attempts: 1, behind: 3, key: "big" });
    expect(shown.payload.pad.length).toBeGreaterThan(30_000);

    const early = await cli("dead-letters", "retry", "--key", "big");
    expect(early).toMatchObject({ exitCode: 1 });
    expect(early.stdout).toMatch(`${big[0]} refused again: too_large`);
    await limitMessageBytes(topic, 100_000);
    const retried = await cli("dead-letters", "retry", "--all");
    expect(retried).toMatchObject({
      exitCode: 0,
      stdout: `${big[0]} published, and 3 events behind it published\n`,
    });
    expect(await onTopic("big")).toEqual(big);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 64, ...nothingWrong });
  });
});

test("without a relay that runs, a retry waits no longer than it is told to, and the next relay sees to it", async () => {
  const unrouted = await start();
  const parcel = await insertKey(pool, { key: "p-1", type: "parcel", count: 2 });
  await settled(2, 1);
  await stop(unrouted);
  const retried = await cli("dead-letters", "retry", "--all", "--wait", "1");
  expect(retried.exitCode).toBe(1);
  expect(retried.stderr).toMatch(
    "1 of 1 not settled within 1 s: is a relay of this name running, and not paused? The request stays",
  );
  await start(routed());
  await settled(0, 0);
  expect(await onTopic()).toEqual(parcel);
});
