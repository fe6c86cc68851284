import { Client, type ClientBase, type QueryResultRow } from "pg";
import { OperationFailed } from "../../application/operations/operations.ts";
import { connectionOptions } from "./connection-options.ts";

/** One connection for one command of a person, opened when it is first needed. */
export interface OperatorConnection {
  /** @throws OperationFailed with what helps. */
  query<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]>;
  /** @throws OperationFailed with what helps; then nothing of it stays. */
  inTransaction<T>(work: (session: Pick<ClientBase, "query">) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** SQLSTATEs (PostgreSQL documentation, appendix A) and Node's codes, with what helps. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; start Postgres or correct DATABASE_URL",
  ENOTFOUND: "the host is not known; correct DATABASE_URL",
  ETIMEDOUT: "there is no answer; check the network and DATABASE_URL",
  "28P01": "correct the user or the password in DATABASE_URL",
  "28000": "let the role in (pg_hba.conf), or correct DATABASE_URL",
  "3D000": "correct the database in DATABASE_URL",
  "42P01": "apply the migrations: npm run migrate",
  "42703": "apply the migrations: npm run migrate",
  "42883": "apply the migrations: npm run migrate",
  "42501": "use the role outbox_relay, or grant what sql/roles.sql grants",
  "55P03": "a transaction that is open has written to the outbox; end it, or try again later",
  "55006": "pause the relay (outbox pause), or stop it, and try again",
  "53300": "no connection is free; try again later, or raise the limit",
  "57P03": "Postgres is starting or stopping; try again in a moment",
  P0002: "set RELAY_NAME to a relay that there is",
};

export function openOperatorConnection(databaseUrl: string, relay: string): OperatorConnection {
  let connecting: Promise<Client> | undefined;

  async function connect(): Promise<Client> {
    const client = new Client(connectionOptions(databaseUrl, `outbox cli ${relay}`));
    // Whoever runs a query is told; without a listener the process would end.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async function run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    try {
      connecting ??= connect();
      return await work(await connecting);
    } catch (error) {
      throw error instanceof OperationFailed ? error : failed(error, new URL(databaseUrl).host);
    }
  }

  return {
    query: (text, values) => run(async (client) => (await client.query(text, [...values])).rows),
    inTransaction: (work) =>
      run(async (client) => {
        await client.query("begin");
        try {
          const result = await work(client);
          await client.query("commit");
          return result;
        } catch (error) {
          await client.query("rollback").catch(() => {});
          throw error;
        }
      }),
    async close() {
      await connecting?.then((client) => client.end()).catch(() => {});
    },
  };
}

function failed(error: unknown, host: string): OperationFailed {
  const { code, errors } = error as { code?: unknown; errors?: readonly Error[] };
  // A name with several addresses gives an error for each, and none of its own.
  const said = errors?.[0]?.message ?? (error instanceof Error ? error.message : String(error));
  const helps = advice[String(code)] ?? "check DATABASE_URL and the server's log";
  const what = said === "timeout expired" ? "no answer within 10 s" : said.split("\n")[0];
  return new OperationFailed(`Postgres at ${host}: ${what}; ${helps}`, { cause: error });
}
