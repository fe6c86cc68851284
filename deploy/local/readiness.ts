import { setTimeout as delay } from "node:timers/promises";
import type { RunningProcess } from "./child-process.ts";

/**
 * Repeats the probe (a real round trip) until it succeeds. When the process ends first, or the time is over, the process
 * is killed and the error carries the probe's last error and the end of the log.
 */
export async function untilReady(
  name: string,
  server: RunningProcess,
  probe: () => Promise<unknown>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  while (server.ending() === undefined && Date.now() < deadline) {
    try {
      await probe();
      return;
    } catch (error) {
      lastError = error;
      await Promise.race([delay(100), server.exited]);
    }
  }
  const reason =
    server.ending() === undefined
      ? `did not answer within ${timeoutMs / 1000} s`
      : `ended while starting (${server.ending()})`;
  await server.stop("SIGKILL");
  throw new Error(`${name} ${reason}. Its last output:\n${server.lastOutput()}`, { cause: lastError });
}
