import { insertBulk } from "../bulk.ts";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";

const ROWS = 1_000_000;
const MEMORY_LIMIT_MB = 128;
const TIMEOUT_MS = 500_000;

async function publishAll(
  scene: Scene,
  context: ChaosContext,
  from: number,
  more: Partial<CaseOutcome> = {},
): Promise<CaseOutcome> {
  await scene.caughtUp(300_000);
  const seconds = (performance.now() - from) / 1000;
  context.log(`caught up after ${seconds.toFixed(1)} s`);
  return finish(scene, undefined, { recoveryMs: seconds * 1000, ...more }, { timeoutMs: 200_000 });
}

export const largeTransaction: ChaosCase = {
  name: "a transaction of 1,000,000 rows, beside small ones",
  short: false,
  timeoutMs: TIMEOUT_MS,
  memoryLimitMb: MEMORY_LIMIT_MB,
  async run(context) {
    const scene = await context.scene();
    await scene.relay().ready();
    const load = scene.load({ rowsPerSecond: 50 });
    await insertBulk(scene, { rows: ROWS, transaction: ROWS });
    const from = performance.now();
    const outcome = await publishAll(scene, context, from).finally(() => load.stop());
    await scene.caughtUp();
    return { ...outcome, check: await scene.check({ timeoutMs: 200_000 }) };
  },
};

/** Killed while it is in the middle of the transaction: what it has sent of it is not sent again. */
export const largeTransactionKilled: ChaosCase = {
  name: "kill -9 within a transaction of 1,000,000 rows",
  short: false,
  timeoutMs: TIMEOUT_MS,
  memoryLimitMb: MEMORY_LIMIT_MB,
  async run(context) {
    const scene = await context.scene();
    let relay = scene.relay();
    await relay.ready();
    await insertBulk(scene, { rows: ROWS, transaction: ROWS });
    const from = performance.now();
    for (let round = 0; round < 4; round++) {
      await publishedAtLeast(scene, relay, context.random.between(1, 150_000));
      await relay.kill();
      relay = scene.relay(round === 2 ? { RELAY_MODE: "polling" } : {});
    }
    return publishAll(scene, context, from);
  },
};

async function publishedAtLeast(scene: Scene, relay: Scene["relays"][number], count: number): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    if ((await relay.metric("outbox_events_published_total").catch(() => 0)) >= count) return;
  }
  throw new Error(`the relay did not publish ${count} events of ${scene.topic} within a minute`);
}

export const backlogInTable: ChaosCase = {
  name: "backlog of 1,000,000 before the first start",
  short: false,
  timeoutMs: TIMEOUT_MS,
  memoryLimitMb: MEMORY_LIMIT_MB,
  async run(context) {
    const scene = await context.scene();
    await insertBulk(scene, { rows: ROWS, transaction: 1_000 });
    const from = performance.now();
    scene.relay();
    return publishAll(scene, context, from);
  },
};

export const backlogInSlot: ChaosCase = {
  name: "backlog of 1,000,000 in the slot",
  short: false,
  timeoutMs: TIMEOUT_MS,
  memoryLimitMb: MEMORY_LIMIT_MB,
  async run(context) {
    const scene = await context.scene();
    const relay = scene.relay();
    await relay.ready();
    await scene.ask("select chaos_write('first')");
    await scene.caughtUp();
    await relay.stop();
    await insertBulk(scene, { rows: ROWS, transaction: 50 });
    const from = performance.now();
    scene.relay();
    return publishAll(scene, context, from);
  },
};

const GROWTH_LIMIT_MB = 60;

/** The broker is away: what is written meanwhile waits in the database, not in the relay. */
export const brokerAway: ChaosCase = {
  name: "300,000 rows while Kafka is away",
  short: false,
  timeoutMs: TIMEOUT_MS,
  memoryLimitMb: MEMORY_LIMIT_MB,
  async run(context) {
    const kafka = await context.ownKafka();
    const scene = await context.scene({ brokers: kafka.brokers });
    const relay = scene.relay();
    await relay.ready();
    await scene.ask("select chaos_write('first')");
    await scene.caughtUp();
    await kafka.stop("SIGKILL");
    await insertBulk(scene, { rows: 50_000, transaction: 50 });
    const before = relay.memoryMb;
    await insertBulk(scene, { rows: 50_000, transaction: 50, first: 50_000 });
    await insertBulk(scene, { rows: 200_000, transaction: 1_000, first: 100_000 });
    const growth = relay.memoryMb - before;
    context.log(`memory ${before.toFixed(0)} MB, ${growth.toFixed(0)} MB more after 250,000 rows`);
    const faults = growth > GROWTH_LIMIT_MB ? [`memory grew by ${growth.toFixed(0)} MB`] : [];
    const from = performance.now();
    await kafka.start();
    return publishAll(scene, context, from, { faults });
  },
};
