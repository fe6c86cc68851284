import { Pool, type QueryResultRow } from "pg";
import { FactUnreadable, type UnreadableReason } from "../../../application/doctor/facts.ts";
import { connectionOptions } from "../connection-options.ts";

/** Runs the doctor's questions, each on a connection of its own: one that hangs holds up no other. */
export interface DoctorQueries {
  /** @throws FactUnreadable */
  all<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The first row. @throws FactUnreadable, also when there is none. */
  one<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row>;
  close(): Promise<void>;
}

const CONNECTIONS = 4;
const STATEMENT_TIMEOUT_MS = 8_000;
/** Shorter, so that whoever waits for a connection gets it, when some questions meet a lock. */
const LOCK_TIMEOUT_MS = 3_000;
/** Classes of SQLSTATE that say that there is no connection, or none any more; Node's codes have letters only. */
const UNREACHABLE = /^(08|28|3D|53300|57P|E[A-Z]+$)/;
const INSUFFICIENT_PRIVILEGE = "42501";
const UNDEFINED_TABLE = "42P01";

export function openDoctorQueries(databaseUrl: string): DoctorQueries {
  const pool = new Pool({
    ...connectionOptions(databaseUrl, "outbox doctor"),
    max: CONNECTIONS,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 500,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    options: "-c default_transaction_read_only=on",
  });
  // Whoever runs a query is told; without a listener the process would end.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));

  async function all<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    try {
      const { rows } = await pool.query<Row>(text, [...values]);
      return rows;
    } catch (error) {
      throw new FactUnreadable(reasonOf(error), messageOf(error), { cause: error });
    }
  }

  return {
    all,
    async one<Row extends QueryResultRow>(text: string, values?: readonly unknown[]) {
      const [row] = await all<Row>(text, values);
      if (row) return row;
      throw new FactUnreadable("broken", "Postgres answered with no row");
    },
    close: () => pool.end(),
  };
}

function reasonOf(error: unknown): UnreadableReason {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (code === INSUFFICIENT_PRIVILEGE) return "denied";
  if (code === UNDEFINED_TABLE) return "absent";
  // What pg and its pool say without a code.
  if (UNREACHABLE.test(code) || /^(timeout exceeded when trying|Connection terminated)/.test(message))
    return "unreachable";
  return "broken";
}

function messageOf(error: unknown): string {
  if (reasonOf(error) === "unreachable") return "Postgres cannot be reached";
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
