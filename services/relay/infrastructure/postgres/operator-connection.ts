import { Client, type ClientBase, type QueryResultRow } from "pg";
import { OperationFailed } from "../../application/operations/operations.ts";
import { explained } from "./connection-advice.ts";
import { connectionOptions } from "./connection-options.ts";

/** One connection for one command of a person, opened when it is first needed, and again when it has broken. */
export interface OperatorConnection {
  /** @throws OperationFailed with what helps. */
  query<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]>;
  /** @throws OperationFailed with what helps; then nothing of it stays. */
  inTransaction<T>(work: (session: Pick<ClientBase, "query">) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function openOperatorConnection(databaseUrl: string, relay: string): OperatorConnection {
  let connecting: Promise<Client> | undefined;

  async function connect(): Promise<Client> {
    const client = new Client(connectionOptions(databaseUrl, `outbox cli ${relay}`));
    const forget = () => {
      connecting = undefined;
    };
    // Whoever runs a query is told; without a listener the process would end.
    client.on("error", forget);
    client.on("end", forget);
    try {
      await client.connect();
    } catch (error) {
      forget();
      throw error;
    }
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
  const { said, helps } = explained(error);
  return new OperationFailed(`Postgres at ${host}: ${said}; ${helps}`, { cause: error });
}
