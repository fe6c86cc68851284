import type { Pool, PoolClient, QueryResultRow } from "pg";
import type { Logger } from "../../../platform/logger.ts";
import type { Deadline } from "../../application/ports.ts";
import { deadlineExceeded, hasPassed, toOrderError } from "./database-errors.ts";
import { LentConnection } from "./lent-connection.ts";
import type { Session } from "./session.ts";
import { createSlotQueue, type ShedReason } from "./slot-queue.ts";
import type { Statement } from "./statement-batch.ts";

/** Reads outside of a transaction. */
export interface Reads {
  /** @throws OrderError OVERLOADED, DEADLINE_EXCEEDED, UNAVAILABLE */
  read<Row extends QueryResultRow>(statement: Statement, deadline: Deadline): Promise<readonly Row[]>;
}

/** The one way to Postgres for all that is done for callers. */
export interface Connections extends Reads {
  /**
   * Runs `work` on a connection of its own; it leaves no transaction open.
   * @throws OrderError OVERLOADED, DEADLINE_EXCEEDED, UNAVAILABLE; else what `work` throws
   */
  use<T>(work: (session: Session) => Promise<T>, deadline: Deadline): Promise<T>;
  counts(): ConnectionCounts;
  /** Once those in use are given back. */
  close(): Promise<void>;
}

export interface ConnectionCounts {
  readonly used: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

export interface ConnectionsOptions {
  readonly pool: Pool;
  /** Most callers that wait for a connection at once. */
  readonly maxWaiting: number;
  /** Longest wait for one. */
  readonly maxWaitMs: number;
  /** The statement_timeout that the pool's connections have. */
  readonly statementTimeoutMs: number;
  readonly onShed: (reason: ShedReason) => void;
  readonly log: Logger;
}

const LOOK_INTERVAL_MS = 100;

/**
 * Lends a pool's connections to as many callers as there are connections; the others wait in a queue of ours, for pg's has no bound and
 * cannot be left. What is not done for callers goes to the pool itself: a readiness probe must not fail because many wait.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const { pool, maxWaiting, maxWaitMs, statementTimeoutMs, onShed, log } = options;
  const queue = createSlotQueue({ slots: pool.options.max, maxWaiting, maxWaitMs, onShed });
  const lent = new Set<LentConnection>();
  const looking = setInterval(() => {
    for (const connection of lent) connection.look(log);
  }, LOOK_INTERVAL_MS);

  async function use<T>(work: (session: Session) => Promise<T>, deadline: Deadline): Promise<T> {
    if (hasPassed(deadline)) throw deadlineExceeded();
    await queue.enter(deadline);
    try {
      const client = await connect(pool, deadline);
      const connection = new LentConnection(client, deadline, statementTimeoutMs);
      lent.add(connection);
      try {
        return await work(connection);
      } finally {
        lent.delete(connection);
        await connection.end();
      }
    } catch (error) {
      throw toOrderError(error, deadline);
    } finally {
      queue.leave();
    }
  }

  return {
    use,
    async read<Row extends QueryResultRow>(statement: Statement, deadline: Deadline) {
      return (await use((session) => session.send<Row>([statement], "rows"), deadline)).rows;
    },
    counts: () => ({
      used: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: queue.waitingCount(),
    }),
    async close() {
      await pool.end();
      clearInterval(looking);
    },
  };
}

/** To open a connection can take long: a caller that is gone by then does not wait for it, and leaves it to the next one. */
function connect(pool: Pool, deadline: Deadline): Promise<PoolClient> {
  if (pool.idleCount > 0) return pool.connect();
  const { signal } = deadline;
  if (signal.aborted) return Promise.reject(deadlineExceeded());
  const { promise, resolve, reject } = Promise.withResolvers<PoolClient>();
  const onAbort = () => reject(deadlineExceeded());
  signal.addEventListener("abort", onAbort);
  pool
    .connect()
    .then((client) => {
      if (signal.aborted) client.release();
      else resolve(client);
    })
    .catch(reject)
    .finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}
