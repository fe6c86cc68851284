import pg from "pg";
import { createTestDatabase, withDatabase } from "../../test/support/database.ts";

export const roles = ["owner", "api", "relay", "operator"] as const;
export type Role = (typeof roles)[number];

/** A test database as each role sees it. */
export interface RolesDatabase extends Readonly<Record<Role, pg.Pool>> {
  /** For what has to be found out or put right past all rights. */
  readonly superuser: pg.Pool;
  /** A connection of its own, for transactions and temporary tables. */
  session(role: Role): Promise<pg.Client>;
  /** Ends the sessions, also in the middle of a transaction, and drops the database. */
  close(): Promise<void>;
}

export async function openRolesDatabase(): Promise<RolesDatabase> {
  const { name, ownerUrl: superuserUrl, relayUrl, apiUrl, operatorUrl, drop } = await createTestDatabase();
  const ownerUrl = withDatabase(superuserUrl, name, "orders_owner");
  const urls = { owner: ownerUrl, relay: relayUrl, api: apiUrl, operator: operatorUrl };
  const pool = (connectionString: string) => new pg.Pool({ connectionString });
  const pools = {
    superuser: pool(superuserUrl),
    owner: pool(ownerUrl),
    relay: pool(relayUrl),
    api: pool(apiUrl),
    operator: pool(operatorUrl),
  };
  const sessions: pg.Client[] = [];
  return {
    ...pools,
    async session(role) {
      const client = new pg.Client({ connectionString: urls[role] });
      await client.connect();
      sessions.push(client);
      return client;
    },
    async close() {
      await Promise.all(sessions.map((client) => client.end()));
      await Promise.all(Object.values(pools).map((each) => each.end()));
      await drop();
    },
  };
}
