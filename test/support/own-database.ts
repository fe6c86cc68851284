import { createTemplateDatabase } from "../setup/template-database.ts";
import { type TestDatabase, withDatabase } from "./database.ts";
import { openPostgres } from "./own-servers.ts";

export interface OwnDatabase extends Omit<TestDatabase, "drop"> {
  /** Ends the sessions and the server in order, as an operator would. */
  stop(): Promise<void>;
  dispose(): Promise<void>;
}

/** A test database on a server of its own: for what would be felt by the tests beside it (settings, long transactions, a stop). */
export async function startOwnDatabase(
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnDatabase> {
  const server = await openPostgres(settings);
  const name = "orders";
  try {
    await createTemplateDatabase(server.url, name);
  } catch (error) {
    await server.dispose();
    throw error;
  }
  return {
    name,
    ownerUrl: withDatabase(server.url, name),
    apiUrl: withDatabase(server.url, name, "orders_api"),
    relayUrl: withDatabase(server.url, name, "outbox_relay"),
    operatorUrl: withDatabase(server.url, name, "outbox_operator"),
    stop: () => server.stop("fast"),
    dispose: () => server.dispose(),
  };
}
