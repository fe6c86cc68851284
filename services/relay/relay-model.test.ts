import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { createWorld } from "./testing/model/create-world.ts";
import { startProcess } from "./testing/model/model-process.ts";
import { createRandom } from "./testing/model/random.ts";
import { runHistory } from "./testing/model/run-history.ts";
import { histories } from "./testing/model/steps.ts";
import { createVirtualClock, type VirtualClock } from "./testing/model/virtual-clock.ts";
import type { World } from "./testing/model/world.ts";

// A failed run prints its seed and path: MODEL_SEED and MODEL_PATH run it again.
const { MODEL_RUNS = "600", MODEL_SEED, MODEL_PATH } = process.env;

const time = vi.hoisted((): { clock: VirtualClock | undefined } => ({ clock: undefined }));

vi.mock("../platform/delay.ts", () => ({
  delay: (ms: number, signal: AbortSignal) => time.clock?.delay(ms, signal),
}));

/** From now on time and chance are the model's. */
function begin(seed: number): VirtualClock {
  const clock = createVirtualClock();
  const jitter = createRandom(seed);
  time.clock = clock;
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  vi.spyOn(Math, "random").mockImplementation(() => jitter.next());
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => clock.timeout(ms));
  return clock;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("whatever happens, each committed event is on Kafka once and in order per key, or a dead letter", async () => {
  await fc.assert(
    fc
      .asyncProperty(histories, async (history) => {
        await runHistory(history, begin(history.seed));
      })
      .afterEach(() => vi.restoreAllMocks()),
    {
      numRuns: Number(MODEL_RUNS),
      ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
      ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
    },
  );
}, 3_600_000);

test("a history goes the same way each time", async () => {
  const [history] = fc.sample(histories, { numRuns: 1, seed: 1 });
  if (!history) throw new Error("no history");
  const journals: string[] = [];
  for (let run = 0; run < 2; run++) {
    const world = await runHistory(history, begin(history.seed));
    vi.restoreAllMocks();
    journals.push(world.journal.tail(Number.POSITIVE_INFINITY).replace(UUID, "…"));
  }
  expect(journals[0]).toBe(journals[1]);
});

async function until(world: World, condition: () => boolean): Promise<void> {
  for (let ms = 0; !condition(); ms++) {
    if (ms > 10_000) throw new Error(`waited in vain:\n${world.journal.tail(50)}`);
    await world.clock.advance(1);
  }
}

test("a slot that somebody makes anew between finding it and streaming from it hides nothing", async () => {
  const world = createWorld(begin(1), createRandom(1));
  startProcess(world, "relay", "cdc");
  // The drain is over, the stream not yet open.
  await until(world, () => world.checkpoint.confirmedLsn > 0n);
  const { database, slot, kafka } = world;
  const transaction = database.begin();
  const row = database.insert(transaction, "key");
  database.commit(transaction);
  database.show(transaction);
  slot.sabotage("recreate");
  await until(world, () => kafka.has(row?.event.id ?? ""));
  expect(world.journal.violation).toBeUndefined();
});

test("after a long time of polling the next start has little to read on Kafka", async () => {
  const world = createWorld(begin(1), createRandom(1));
  const { database, kafka, clock } = world;
  const relay = startProcess(world, "relay", "polling");
  for (let count = 1; count <= 20; count++) {
    const transaction = database.begin();
    database.insert(transaction, `key-${count}`);
    database.commit(transaction);
    database.show(transaction);
    await until(world, () => kafka.records.length === count);
  }
  await clock.advance(500);
  relay.crash();
  startProcess(world, "relay again", "polling");
  await until(world, () => world.journal.tail(1).includes("relay again: polling"));
  expect(world.journal.tail(3)).toContain('beyond the checkpoint {"found":0}');
});

test.each([
  ["a leader that is stopped at once does not vouch for a crashed one before it", 0, false],
  ["a leader that has waited for what a crashed one has left on its way does", 2_000, true],
])("%s", async (_, leadsForMs, vouches) => {
  const world = createWorld(begin(1), createRandom(1));
  world.lease.raiseEpoch();
  const relay = startProcess(world, "relay", "auto");
  await until(world, () => world.lease.epoch === 2n);
  await world.clock.advance(leadsForMs);
  relay.stop();
  await until(world, () => !relay.isAlive);
  expect(world.lease.raiseEpoch().afterOrderlyEnd).toBe(vouches);
});

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
