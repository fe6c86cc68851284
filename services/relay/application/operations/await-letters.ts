import type { DeadLetterDesk, LetterProgress, LetterSummary } from "./dead-letter-desk.ts";

export interface Waiting {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** How many letters the leader has not settled yet. */
  readonly onProgress: (pending: number) => void;
}

/**
 * Waits until the leader has done what was asked for with each of the letters, and what waited behind them has moved on as far as it
 * can; returns how it stands then, or when time is up.
 */
export async function awaitLetters(
  desk: Pick<DeadLetterDesk, "progress">,
  letters: readonly LetterSummary[],
  { timeoutMs, intervalMs, now, sleep, onProgress }: Waiting,
): Promise<LetterProgress[]> {
  const deadline = now() + timeoutMs;
  for (;;) {
    const progress = await desk.progress(letters);
    const pending = progress.filter(({ state }) => state === "pending").length;
    const left = deadline - now();
    if (pending === 0 || left <= 0) return progress;
    onProgress(pending);
    await sleep(Math.min(intervalMs, left));
  }
}
