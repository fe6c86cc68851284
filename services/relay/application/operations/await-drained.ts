import type { DrainDesk, DrainStanding } from "./drain-desk.ts";

export interface AwaitingDrain {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onProgress: (standing: DrainStanding) => void;
}

/** Waits until all that is committed when it is called is published; returns how it stands then, or when time is up. */
export async function awaitDrained(
  desk: DrainDesk,
  { timeoutMs, intervalMs, now, sleep, onProgress }: AwaitingDrain,
): Promise<DrainStanding> {
  const deadline = now() + timeoutMs;
  const snapshot = await desk.begin();
  for (;;) {
    const standing = await desk.standing(snapshot);
    const leftMs = deadline - now();
    if (standing.left === 0 || leftMs <= 0) return standing;
    onProgress(standing);
    await sleep(Math.min(intervalMs, leftMs));
  }
}
