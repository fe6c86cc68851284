import type { ControlDesk, ControlStanding } from "./control-desk.ts";

export interface AwaitingLeader {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Waits until a leader acts by what was asked for; returns how it stands then, when there is no leader, or when time is up. */
export async function awaitFollowed(
  desk: Pick<ControlDesk, "standing">,
  { timeoutMs, intervalMs, now, sleep }: AwaitingLeader,
): Promise<ControlStanding> {
  const deadline = now() + timeoutMs;
  for (;;) {
    const standing = await desk.standing();
    const left = deadline - now();
    if (standing.isFollowed || !standing.isLed || left <= 0) return standing;
    await sleep(Math.min(intervalMs, left));
  }
}
