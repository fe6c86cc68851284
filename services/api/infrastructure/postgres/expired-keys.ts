import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Reads } from "./connections.ts";

export interface ExpiredKeysOptions {
  readonly database: Reads;
  readonly keptMs: number;
  readonly onDeleted: (count: number) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Mean time between two rounds. */
  readonly intervalMs?: number;
  readonly batchSize?: number;
}

/** Between two batches, for what callers ask of the database meanwhile. */
const PAUSE_MS = 50;
const TIMEOUT_MS = 5_000;

/**
 * Deletes idempotency keys that have expired, in small batches, until `signal` aborts. Any number of replicas may do so: they begin at
 * different times, and rows are locked in the table's order, so that two batches at once wait for one another and never deadlock.
 */
export async function deleteExpiredKeys(options: ExpiredKeysOptions): Promise<void> {
  const { database, keptMs, onDeleted, signal, log, intervalMs = 60_000, batchSize = 1_000 } = options;
  const statement = {
    name: "delete-expired-idempotency-keys",
    text: `with deleted as (
             delete from idempotency_keys
              where ctid = any(array(select ctid from idempotency_keys where done_at < clock_timestamp() - $1::interval
                                      order by done_at limit $2))
             returning 1)
           select count(*)::int as count from deleted`,
    values: [`${keptMs} ms`, String(batchSize)],
  };
  const deadline = { signal, remainingMs: () => TIMEOUT_MS };

  async function deleteAll(): Promise<void> {
    let count = batchSize;
    while (count === batchSize && !signal.aborted) {
      const [row] = await database.read<{ count: number }>(statement, deadline);
      count = row?.count ?? 0;
      onDeleted(count);
      await delay(PAUSE_MS, signal);
    }
  }

  while (!signal.aborted) {
    await delay(intervalMs * (0.5 + Math.random()), signal);
    try {
      await deleteAll();
    } catch (err) {
      // Overload or an outage, as a rule: the next round does it.
      if (!signal.aborted) log.warn({ err }, "expired idempotency keys were not deleted");
    }
  }
}
