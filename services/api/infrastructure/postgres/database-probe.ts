import type { Pool, QueryConfig } from "pg";
import { delay } from "../../../platform/delay.ts";
import type { ReadinessCheck } from "../../../platform/ops-server.ts";

const INTERVAL_MS = 1_000;

/** A database that is silent is no more ready than one that is away. pg knows this limit of its client's; its types do not. */
const PROBE = { text: "select 1 from orders limit 0", query_timeout: 5_000 } as QueryConfig;

/** Asks the database again and again until `signal` aborts; the check answers from the last try, at once. */
export function startDatabaseProbe(pool: Pool, signal: AbortSignal): ReadinessCheck {
  let problem: string | undefined = "the database has not answered yet";
  void (async () => {
    while (!signal.aborted) {
      try {
        await pool.query(PROBE);
        problem = undefined;
      } catch (error) {
        problem = error instanceof Error && error.message ? error.message : "the database cannot be reached";
      }
      await delay(INTERVAL_MS, signal);
    }
  })();
  return () => problem;
}
