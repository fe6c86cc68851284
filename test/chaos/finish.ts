import type { CheckOptions } from "../../services/relay/testing/outbox-check.ts";
import type { CaseOutcome } from "./case.ts";
import type { Load } from "./load.ts";
import type { Scene } from "./scene.ts";

/** Ends the load, waits until all counts as published, and compares. */
export async function finish(
  scene: Scene,
  load: Load | undefined,
  outcome: Omit<CaseOutcome, "check"> = {},
  options: { readonly caughtUpMs?: number } & Omit<CheckOptions, "brokers"> = {},
): Promise<CaseOutcome> {
  await load?.stop();
  await scene.caughtUp(options.caughtUpMs);
  return { check: await scene.check(options), ...outcome };
}
