import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from "pg";
import { createBackoff } from "../../../platform/backoff.ts";
import { delay } from "../../../platform/delay.ts";
import type { TxManager } from "../../application/ports.ts";
import { OrderError } from "../../domain/order-error.ts";
import { isRetryable, isUnavailable, refusedKey } from "./database-errors.ts";
import { type Statement, StatementBatch } from "./statement-batch.ts";

export interface Tx {
  /** Sent with all other writes at the next query or at the commit, in one round trip; when it fails, that fails. */
  write(statement: Statement): void;
  query<Row extends QueryResultRow>(config: QueryConfig): Promise<QueryResult<Row>>;
}

const MAX_TRIES = 5;
const never = new AbortController().signal;
const BEGIN: Statement = { name: "begin", text: "begin", values: [] };
const COMMIT: Statement = { name: "commit", text: "commit", values: [] };

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
          const refused = refusedKey(error);
          if (refused) throw refused;
          if (!isRetryable(error) || attempt === MAX_TRIES) throw error;
          await delay(backoff.next(), never);
        }
      }
    },
  };
}

async function runOnce<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const transaction = openTransaction(client);
  let broken = false;
  try {
    const result = await work(transaction);
    await transaction.commit();
    return result;
  } catch (error) {
    broken = isUnavailable(error) || !(await transaction.rolledBack());
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A transaction that only writes is a single round trip, without `begin` and `commit`. */
function openTransaction(client: PoolClient) {
  let waiting: Statement[] = [];
  let hasBegun = false;

  function send(statements: readonly Statement[]): Promise<string> {
    return client.query(new StatementBatch(statements)).done;
  }
  async function flush(): Promise<void> {
    const statements = hasBegun ? waiting : [BEGIN, ...waiting];
    waiting = [];
    hasBegun = true;
    if (statements.length > 0) await send(statements);
  }

  return {
    write(statement: Statement): void {
      waiting.push(statement);
    },
    async query<Row extends QueryResultRow>(config: QueryConfig): Promise<QueryResult<Row>> {
      await flush();
      return client.query<Row>(config);
    },
    async commit(): Promise<void> {
      if (!hasBegun) {
        if (waiting.length > 0) await send(waiting);
        return;
      }
      const tag = await send([...waiting, COMMIT]);
      // What a server answers to the commit of a transaction that has failed; no error by itself.
      if (tag !== "COMMIT") throw new Error(`the transaction ended with ${tag}`);
    },
    async rolledBack(): Promise<boolean> {
      if (!hasBegun) return true;
      try {
        await client.query("rollback");
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** The error for callers when the database cannot be reached. */
export function unavailable(cause: unknown): OrderError {
  return new OrderError("UNAVAILABLE", "the database cannot be reached now; try again", [], { cause });
}
