import type { QueryResultRow } from "pg";
import type { Answer, Statement } from "./statement-batch.ts";

/** A connection that is one caller's for a while. */
export interface Session {
  /** Sends the statements in one round trip. Postgres ends each of them when the caller's deadline passes. */
  send<Row extends QueryResultRow>(statements: readonly Statement[], rows?: "rows"): Promise<Answer<Row>>;
  /** Ends a transaction block. A connection on which this fails is not used again. */
  rollback(): Promise<void>;
}
