import type { Client, PoolClient, QueryResultRow } from "pg";
import type { Logger } from "../../../platform/logger.ts";
import type { Deadline } from "../../application/ports.ts";
import { cancelStatement } from "./cancel-statement.ts";
import { isUnavailable } from "./database-errors.ts";
import type { Session } from "./session.ts";
import { type Answer, type Statement, StatementBatch } from "./statement-batch.ts";

/** Nearly all statements are done long before; nothing is set up for those. */
const CANCEL_AFTER_MS = 200;

/** Past its time limit Postgres ends a statement by itself: when it has said nothing so much later, the connection is dead. */
const SILENCE_MS = 2_000;

const ROLLBACK: Statement = { name: "rollback", text: "rollback", values: [] };

/** A connection of the pool for as long as it is one caller's. */
export class LentConnection implements Session {
  readonly #client: PoolClient;
  readonly #deadline: Deadline;
  readonly #statementTimeoutMs: number;
  /** When the round trip that is under way began. */
  #sentAt: number | undefined;
  #cancelling: Promise<void> | undefined;
  #isBroken = false;

  constructor(client: PoolClient, deadline: Deadline, statementTimeoutMs: number) {
    this.#client = client;
    this.#deadline = deadline;
    this.#statementTimeoutMs = statementTimeoutMs;
  }

  send<Row extends QueryResultRow>(statements: readonly Statement[], rows?: "rows"): Promise<Answer<Row>> {
    const limit = this.#timeLimit();
    return this.#run(new StatementBatch<Row>(limit ? [limit, ...statements] : statements, rows));
  }

  async rollback(): Promise<void> {
    // Without a limit: in a transaction that has failed nothing but its end is possible.
    await this.#run(new StatementBatch([ROLLBACK])).catch(() => {});
  }

  async #run<Row extends QueryResultRow>(batch: StatementBatch<Row>): Promise<Answer<Row>> {
    this.#sentAt = performance.now();
    try {
      return await this.#client.query(batch).answer;
    } catch (error) {
      this.#isBroken ||= isUnavailable(error);
      throw error;
    } finally {
      this.#sentAt = undefined;
    }
  }

  /** To be called now and then: ends what takes long for a caller that is gone, or on a connection that is dead. */
  look(log: Logger): void {
    if (this.#sentAt === undefined) return;
    const took = performance.now() - this.#sentAt;
    if (took > this.#statementTimeoutMs + SILENCE_MS) {
      // While a statement runs this breaks the connection off, which rejects the statement.
      void (this.#client as unknown as Client).end();
    } else if (took > CANCEL_AFTER_MS && !this.#cancelling && this.#deadline.signal.aborted) {
      this.#cancelling = cancelStatement(this.#client)
        .catch((err: unknown) => log.warn({ err }, "a statement could not be cancelled"))
        .finally(() => {
          this.#cancelling = undefined;
        });
    }
  }

  /** Gives it back to the pool. Not to be looked at any more. */
  async end(): Promise<void> {
    // A cancellation that is under way would hit the next caller's statement.
    await this.#cancelling;
    this.#client.release(this.#isBroken || this.#client.getTransactionStatus() !== "I");
  }

  /**
   * The caller's deadline when it is sooner than what the connection has. Local to the transaction, which these statements are by
   * themselves or go on with: the next caller has the connection's own again.
   */
  #timeLimit(): Statement | undefined {
    const remainingMs = this.#deadline.remainingMs();
    if (remainingMs === undefined || remainingMs >= this.#statementTimeoutMs) return undefined;
    return {
      name: "limit-time",
      text: "select set_config('statement_timeout', $1, true)",
      values: [String(Math.max(Math.ceil(remainingMs), 1))], // 0 would be no limit
    };
  }
}
