import { setTimeout as sleep } from "node:timers/promises";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";
import { DEFAULTS } from "../scene.ts";

/** From before its first connection to well into its work. */
async function killAgainAndAgain(
  context: ChaosContext,
  rounds: number,
  settings: (round: number) => Readonly<Record<string, string>>,
): Promise<CaseOutcome> {
  const scene = await context.scene();
  const load = scene.load({ rowsPerSecond: 500 });
  for (let round = 0; round < rounds; round++) {
    const relay = scene.relay(settings(round));
    await sleep(context.random.between(300, 3_000));
    await relay.kill();
  }
  const from = performance.now();
  scene.relay(settings(rounds));
  const recoveryMs = await scene.flowing(from);
  return finish(scene, load, { recoveryMs });
}

export const killStreaming: ChaosCase = {
  name: "kill -9 at random points",
  short: true,
  timeoutMs: 500_000,
  run: (context) => killAgainAndAgain(context, context.short ? 4 : 50, () => ({})),
};

export const killPolling: ChaosCase = {
  name: "kill -9 at random points, polling",
  short: false,
  timeoutMs: 300_000,
  run: (context) => killAgainAndAgain(context, 20, () => ({ RELAY_MODE: "polling" })),
};

export const killBetweenModes: ChaosCase = {
  name: "kill -9 at random points, another mode each time",
  short: false,
  timeoutMs: 300_000,
  run: (context) =>
    killAgainAndAgain(context, 24, () => ({ RELAY_MODE: context.random.pick(["cdc", "polling", "auto"]) })),
};

export const killLeader: ChaosCase = {
  name: "kill -9 of the leader, a standby takes over",
  short: true,
  recoveryLimitMs: 5_000,
  async run(context) {
    const scene = await context.scene({ settings: DEFAULTS });
    const load = scene.load();
    let leader = scene.relay();
    await leader.ready();
    let recoveryMs = 0;
    for (let round = 0; round < (context.short ? 1 : 5); round++) {
      const standby = scene.relay();
      await standby.ready();
      await scene.flowing();
      await sleep(context.random.between(0, 1_500));
      const from = performance.now();
      await leader.kill();
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      leader = standby;
    }
    return finish(scene, load, { recoveryMs });
  },
};
