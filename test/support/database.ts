import { randomBytes } from "node:crypto";
import pg from "pg";
import { dropDatabase } from "./drop-database.ts";
import { testServers } from "./servers.ts";

export interface TestDatabase {
  readonly name: string;
  /** The superuser's. */
  readonly ownerUrl: string;
  /** For the role orders_api. */
  readonly apiUrl: string;
  /** For the role outbox_relay. */
  readonly relayUrl: string;
  /** For the role outbox_operator. */
  readonly operatorUrl: string;
  /** Drops the database and its replication slots; throws when the test left connections open. */
  drop(): Promise<void>;
}

export const rolePassword = "test";

/** A fresh database with the migrations and sql/roles.sql applied. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { databaseUrl, databasePrefix, templateDatabase } = testServers();
  const name = `${databasePrefix}${randomBytes(5).toString("hex")}`;
  await asSuperuser(databaseUrl, (client) =>
    client.query(
      `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(templateDatabase)}`,
    ),
  );
  return {
    name,
    ownerUrl: withDatabase(databaseUrl, name),
    apiUrl: withDatabase(databaseUrl, name, "orders_api"),
    relayUrl: withDatabase(databaseUrl, name, "outbox_relay"),
    operatorUrl: withDatabase(databaseUrl, name, "outbox_operator"),
    drop: () => asSuperuser(databaseUrl, (client) => dropDatabase(client, name)),
  };
}

/** The URL with another database, and with a role of the tests for its user where one is given. */
export function withDatabase(databaseUrl: string, database: string, role?: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  if (role !== undefined) {
    url.username = role;
    url.password = rolePassword;
  }
  return url.href;
}

/** Runs the work on a connection of its own. */
export async function asSuperuser<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "test harness" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
