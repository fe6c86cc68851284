import { delay } from "../../platform/delay.ts";
import type { Logger } from "../../platform/logger.ts";

/** Port: keeps the outbox's partitions. */
export interface Maintenance {
  /** Makes those of the next days; drops those that are older than the retention and wholly published. */
  run(): Promise<MaintenanceReport>;
}

export interface MaintenanceReport {
  readonly made: number;
  readonly dropped: readonly string[];
}

const INTERVAL_MS = 15 * 60_000;
const AFTER_FAILURE_MS = 60_000;

/** Now and every quarter of an hour until `signal` aborts. A failure is logged and tried again: nothing else depends on it today. */
export async function maintainOutbox(
  maintenance: Maintenance,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let waitMs = INTERVAL_MS;
    try {
      const { made, dropped } = await maintenance.run();
      if (made > 0 || dropped.length > 0) log.info({ made, dropped }, "kept the outbox's partitions");
    } catch (err) {
      waitMs = AFTER_FAILURE_MS;
      if (!signal.aborted) log.error({ err }, "the outbox's partitions could not be kept, trying again");
    }
    await delay(waitMs, signal);
  }
}
