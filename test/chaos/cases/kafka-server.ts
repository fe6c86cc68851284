import { setTimeout as sleep } from "node:timers/promises";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";

const MEMORY_GROWTH_MB = 80;

async function takeKafkaAway(
  context: ChaosContext,
  options: {
    readonly signal: "SIGTERM" | "SIGKILL";
    readonly rounds: number;
    readonly awayMs: number;
    readonly settings?: Readonly<Record<string, string>>;
  },
): Promise<CaseOutcome> {
  const kafka = await context.ownKafka();
  const scene = await context.scene({ brokers: kafka.brokers });
  const load = scene.load({ rowsPerSecond: 500 });
  const relay = scene.relay(options.settings);
  await relay.ready();
  const faults: string[] = [];
  let recoveryMs = 0;
  for (let round = 0; round < options.rounds; round++) {
    await scene.flowing();
    await sleep(context.random.between(0, 1_000));
    await kafka.stop(options.signal);
    await sleep(options.awayMs / 4);
    const before = relay.memoryMb;
    await sleep((options.awayMs * 3) / 4);
    const growth = relay.memoryMb - before;
    context.log(`memory ${before.toFixed(0)} MB, ${growth.toFixed(0)} MB more while the broker was away`);
    if (growth > MEMORY_GROWTH_MB)
      faults.push(`memory grew by ${growth.toFixed(0)} MB while the broker was away`);
    await kafka.start();
    recoveryMs = Math.max(recoveryMs, await scene.flowing());
  }
  if (relay.hasEnded) faults.push("the relay ended");
  return finish(scene, load, { recoveryMs, faults });
}

export const kafkaKilled: ChaosCase = {
  name: "Kafka killed -9 and started",
  short: true,
  timeoutMs: 300_000,
  run: (context) =>
    takeKafkaAway(context, { signal: "SIGKILL", rounds: context.short ? 1 : 4, awayMs: 1_000 }),
};

export const kafkaStopped: ChaosCase = {
  name: "Kafka stopped for 60 s",
  short: false,
  timeoutMs: 300_000,
  memoryLimitMb: 128,
  run: (context) => takeKafkaAway(context, { signal: "SIGTERM", rounds: 1, awayMs: 60_000 }),
};

export const kafkaKilledPolling: ChaosCase = {
  name: "Kafka killed -9 and started, polling",
  short: false,
  timeoutMs: 300_000,
  run: (context) =>
    takeKafkaAway(context, {
      signal: "SIGKILL",
      rounds: 3,
      awayMs: 3_000,
      settings: { RELAY_MODE: "polling" },
    }),
};

/** The relay is killed while its last batches may or may not be on the broker that is killed with it. */
export const kafkaAndRelayKilled: ChaosCase = {
  name: "Kafka and the relay killed -9 together",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const kafka = await context.ownKafka();
    const scene = await context.scene({ brokers: kafka.brokers });
    const load = scene.load({ rowsPerSecond: 500 });
    let relay = scene.relay();
    await relay.ready();
    let recoveryMs = 0;
    for (let round = 0; round < 4; round++) {
      await scene.flowing();
      await sleep(context.random.between(0, 1_000));
      await Promise.all([kafka.stop("SIGKILL"), relay.kill()]);
      relay = scene.relay();
      await kafka.start();
      recoveryMs = Math.max(recoveryMs, await scene.flowing());
    }
    return finish(scene, load, { recoveryMs });
  },
};
