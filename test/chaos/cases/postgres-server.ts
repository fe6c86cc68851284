import { setTimeout as sleep } from "node:timers/promises";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";

const STOP_LIMIT_MS = 5_000;

async function restartPostgres(
  context: ChaosContext,
  stopMode: "fast" | "immediate",
  rounds: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<CaseOutcome> {
  const postgres = await context.ownPostgres();
  const scene = await context.scene({ postgresUrl: postgres.url });
  const load = scene.load({ rowsPerSecond: 500 });
  const relay = scene.relay(settings);
  await relay.ready();
  const faults: string[] = [];
  let recoveryMs = 0;
  for (let round = 0; round < rounds; round++) {
    await scene.flowing();
    await sleep(context.random.between(0, 1_000));
    const stopping = performance.now();
    await postgres.stop(stopMode);
    const stopMs = performance.now() - stopping;
    context.log(`Postgres stopped (${stopMode}) in ${stopMs.toFixed(0)} ms`);
    if (stopMs > STOP_LIMIT_MS)
      faults.push(`Postgres took ${stopMs.toFixed(0)} ms to stop with the relay attached`);
    await sleep(context.random.between(0, 2_000));
    await postgres.start();
    recoveryMs = Math.max(recoveryMs, await scene.flowing());
  }
  if (relay.hasEnded) faults.push("the relay ended");
  return finish(scene, load, { recoveryMs, faults });
}

export const postgresStopped: ChaosCase = {
  name: "Postgres stopped (fast) and started",
  short: false,
  run: (context) => restartPostgres(context, "fast", 4),
};

export const postgresCrashed: ChaosCase = {
  name: "Postgres crash-restarted (immediate)",
  short: true,
  run: (context) => restartPostgres(context, "immediate", context.short ? 1 : 6),
};

export const postgresCrashedPolling: ChaosCase = {
  name: "Postgres crash-restarted (immediate), polling",
  short: false,
  run: (context) => restartPostgres(context, "immediate", 4, { RELAY_MODE: "polling" }),
};

/** Both at once: the relay's and the database's memory of what is confirmed are gone together. */
export const postgresAndRelayCrashed: ChaosCase = {
  name: "Postgres crash-restarted, the relay killed with it",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const postgres = await context.ownPostgres();
    const scene = await context.scene({ postgresUrl: postgres.url });
    const load = scene.load({ rowsPerSecond: 500 });
    let relay = scene.relay();
    await relay.ready();
    let recoveryMs = 0;
    for (let round = 0; round < 6; round++) {
      await scene.flowing();
      await sleep(context.random.between(0, 1_000));
      await Promise.all([postgres.stop("immediate"), relay.kill()]);
      await postgres.start();
      const from = performance.now();
      relay = scene.relay({ RELAY_MODE: context.random.pick(["auto", "polling"]) });
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    }
    return finish(scene, load, { recoveryMs });
  },
};
