import type { Pool } from "pg";
import { delay } from "../../../platform/delay.ts";
import type { ReadinessCheck } from "../../../platform/ops-server.ts";

const INTERVAL_MS = 1_000;

/** Asks the database again and again until `signal` aborts; the check answers from the last try, at once. */
export function startDatabaseProbe(pool: Pool, signal: AbortSignal): ReadinessCheck {
  let problem: string | undefined = "the database has not answered yet";
  void (async () => {
    while (!signal.aborted) {
      try {
        await pool.query("select 1 from orders limit 0");
        problem = undefined;
      } catch (error) {
        problem = error instanceof Error && error.message ? error.message : "the database cannot be reached";
      }
      await delay(INTERVAL_MS, signal);
    }
  })();
  return () => problem;
}
