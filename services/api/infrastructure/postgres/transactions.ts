import type { Pool, PoolClient } from "pg";
import { createBackoff } from "../../../platform/backoff.ts";
import { delay } from "../../../platform/delay.ts";
import type { TxManager } from "../../application/ports.ts";
import { OrderError } from "../../domain/order-error.ts";
import { isRetryable, isUnavailable } from "./database-errors.ts";

export type Tx = PoolClient;

const MAX_TRIES = 5;
const never = new AbortController().signal;

/** Transactions on a pool: read committed; the lock of the aggregate's row orders what belongs together. */
export function createTxManager(pool: Pool): TxManager<Tx> {
  return {
    async run(work) {
      const backoff = createBackoff({ initialMs: 10, maxMs: 200 });
      for (let attempt = 1; ; attempt++) {
        try {
          return await runOnce(pool, work);
        } catch (error) {
          if (isUnavailable(error)) throw unavailable(error);
          if (!isRetryable(error) || attempt === MAX_TRIES) throw error;
          await delay(backoff.next(), never);
        }
      }
    },
  };
}

async function runOnce<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query("begin");
    const result = await work(client);
    const { command } = await client.query("commit");
    // What a server answers to the commit of a transaction that has failed; no error by itself.
    if (command !== "COMMIT") throw new Error(`the transaction ended with ${command}`);
    return result;
  } catch (error) {
    broken = isUnavailable(error) || !(await rolledBack(client));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query("rollback");
    return true;
  } catch {
    return false;
  }
}

/** The error for callers when the database cannot be reached. */
export function unavailable(cause: unknown): OrderError {
  return new OrderError("UNAVAILABLE", "the database cannot be reached now; try again", [], { cause });
}
