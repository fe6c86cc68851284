import { setTimeout as delay } from "node:timers/promises";
import type { RunningProcess } from "./child-process.ts";

/**
 * Repeats the probe (a real round trip) until it succeeds, and returns its result. When the process ends first, or the time
 * is over, the process is killed and the error carries the probe's last error and the end of the log. When the signal
 * aborts, the process is stopped.
 */
export async function untilReady<T>(
  name: string,
  server: RunningProcess,
  probe: () => Promise<T>,
  { timeoutMs = 60_000, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  while (server.ending() === undefined && Date.now() < deadline) {
    if (signal?.aborted) {
      await server.stop();
      signal.throwIfAborted();
    }
    try {
      return await probe();
    } catch (error) {
      lastError = error;
      await Promise.race([delay(100), server.exited]);
    }
  }
  const reason =
    server.ending() === undefined
      ? `did not answer within ${timeoutMs / 1000} s (${lastError instanceof Error ? lastError.message : lastError})`
      : `ended while starting (${server.ending()})`;
  await server.stop("SIGKILL");
  throw new Error(`${name} ${reason}. Its last output:\n${server.lastOutput()}`, { cause: lastError });
}
