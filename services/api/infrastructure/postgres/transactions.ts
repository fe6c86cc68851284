import type { QueryResultRow } from "pg";
import { createBackoff } from "../../../platform/backoff.ts";
import { delay } from "../../../platform/delay.ts";
import type { TxManager } from "../../application/ports.ts";
import type { Connections } from "./connections.ts";
import { contended, deadlineExceeded, isRetryable, refusedKey } from "./database-errors.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement-batch.ts";

export interface Tx {
  /** Sent with all other writes at the next query or at the commit, in one round trip; when it fails, that fails. */
  write(statement: Statement): void;
  /** Sends what was written before with it. */
  query<Row extends QueryResultRow>(statement: Statement): Promise<readonly Row[]>;
}

const MAX_TRIES = 5;
const BEGIN: Statement = { name: "begin", text: "begin", values: [] };
const COMMIT: Statement = { name: "commit", text: "commit", values: [] };

/** Transactions: read committed; the lock of the aggregate's row orders what belongs together. */
export function createTxManager(connections: Connections, onRetry: () => void): TxManager<Tx> {
  return {
    async run(work, deadline) {
      const backoff = createBackoff({ initialMs: 10, maxMs: 200 });
      for (let attempt = 1; ; attempt++) {
        try {
          return await connections.use((session) => runOnce(session, work), deadline);
        } catch (error) {
          const refused = refusedKey(error);
          if (refused) throw refused;
          if (!isRetryable(error)) throw error;
          if (attempt === MAX_TRIES) throw contended(error);
          await delay(backoff.next(), deadline.signal);
          if (deadline.signal.aborted) throw deadlineExceeded(error);
          onRetry();
        }
      }
    },
  };
}

async function runOnce<T>(session: Session, work: (tx: Tx) => Promise<T>): Promise<T> {
  const transaction = openTransaction(session);
  try {
    const result = await work(transaction);
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** A transaction that only writes is a single round trip, without `begin` and `commit`. */
function openTransaction(session: Session) {
  let waiting: Statement[] = [];
  let hasBegun = false;

  return {
    write(statement: Statement): void {
      waiting.push(statement);
    },
    async query<Row extends QueryResultRow>(statement: Statement): Promise<readonly Row[]> {
      const statements = [...(hasBegun ? [] : [BEGIN]), ...waiting, statement];
      waiting = [];
      hasBegun = true;
      return (await session.send<Row>(statements, "rows")).rows;
    },
    async commit(): Promise<void> {
      if (!hasBegun) {
        if (waiting.length > 0) await session.send(waiting);
        return;
      }
      const { tag } = await session.send([...waiting, COMMIT]);
      // What a server answers to the commit of a transaction that has failed; no error by itself.
      if (tag !== "COMMIT") throw new Error(`the transaction ended with ${tag}`);
    },
    async rollback(): Promise<void> {
      if (hasBegun) await session.rollback();
    },
  };
}
