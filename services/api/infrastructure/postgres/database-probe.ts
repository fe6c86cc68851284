import type { Pool, QueryConfig } from "pg";
import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ReadinessCheck } from "../../../platform/ops-server.ts";

const INTERVAL_MS = 1_000;

/** A database that is silent is no more ready than one that is away. pg knows this limit of its client's; its types do not. */
const PROBE = { text: "select 1 from orders limit 0", query_timeout: 5_000 } as QueryConfig;

/**
 * Asks the database again and again until `signal` aborts; the check answers from the last try, at once. The first failure is logged,
 * and the answer after it.
 */
export function startDatabaseProbe(pool: Pool, log: Logger, signal: AbortSignal): ReadinessCheck {
  let problem: string | undefined = "the database has not answered yet";
  let isReported = false;

  async function probe(): Promise<void> {
    try {
      await pool.query(PROBE);
      if (isReported) log.info({}, "the database answers again");
      isReported = false;
      problem = undefined;
    } catch (err) {
      if (signal.aborted) return;
      problem = err instanceof Error && err.message ? err.message : "the database cannot be reached";
      if (!isReported) log.error({ err }, "the database cannot be reached, trying again");
      isReported = true;
    }
  }

  void (async () => {
    while (!signal.aborted) {
      await probe();
      await delay(INTERVAL_MS, signal);
    }
  })();
  return () => problem;
}
