/**
 * Runs `work` while the member's heartbeat goes on beside it, so that it stays in its group however long a server keeps the work
 * waiting. The signal that `work` gets aborts when `stopping` does, or when a heartbeat fails (the group rebalances, or the
 * member was thrown out). Resolves with the heartbeat's error, if there was one, once the work has ended.
 */
export async function whileBeating(
  heartbeat: () => Promise<void>,
  intervalMs: number,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<unknown> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  stopping.addEventListener("abort", stop, { once: true });
  if (stopping.aborted) stop();
  let failure: unknown;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => {
      failure ??= error;
      stop();
    });
  }, intervalMs);
  try {
    await work(controller.signal);
    return failure;
  } finally {
    clearInterval(timer);
    stopping.removeEventListener("abort", stop);
  }
}
