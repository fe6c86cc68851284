import { setTimeout as sleep } from "node:timers/promises";

/** Waits; returns early, without an error, when `signal` aborts. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
