import { setTimeout as sleep } from "node:timers/promises";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";
import { DEFAULTS } from "../scene.ts";

/** As a deployment does it: the next one is ready before the last one is told to stop. */
async function restartInTurn(
  context: ChaosContext,
  restarts: number,
  settings: Readonly<Record<string, string>>,
): Promise<CaseOutcome> {
  const scene = await context.scene({ settings: { ...DEFAULTS, ...settings } });
  const load = scene.load({ rowsPerSecond: 500 });
  const faults: string[] = [];
  let recoveryMs = 0;
  let current = scene.relay();
  await current.ready();
  for (let round = 0; round < restarts; round++) {
    const next = scene.relay();
    await next.ready();
    await sleep(context.random.between(0, 1_000));
    const from = performance.now();
    const code = await current.stop();
    if (code !== 0) faults.push(`a relay ended with ${code}: ${current.lastLog().slice(-12).join("\n")}`);
    recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    current = next;
  }
  return finish(scene, load, { recoveryMs, faults });
}

export const rollingRestarts: ChaosCase = {
  name: "20 rolling restarts (SIGTERM) under load",
  short: false,
  timeoutMs: 300_000,
  run: (context) => restartInTurn(context, 20, {}),
};

export const rollingRestartsPolling: ChaosCase = {
  name: "rolling restarts (SIGTERM) under load, polling",
  short: false,
  timeoutMs: 300_000,
  run: (context) => restartInTurn(context, 10, { RELAY_MODE: "polling" }),
};
