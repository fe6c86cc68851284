import pg from "pg";
import { createTestDatabase } from "../../test/support/database.ts";

type Role = "owner" | "relay" | "api";

/** A test database as each role sees it. */
export interface RolesDatabase extends Readonly<Record<Role, pg.Pool>> {
  /** A connection of its own, for transactions and temporary tables. */
  session(role: Role): Promise<pg.Client>;
  /** Ends the sessions, also in the middle of a transaction, and drops the database. */
  close(): Promise<void>;
}

export async function openRolesDatabase(): Promise<RolesDatabase> {
  const { ownerUrl, relayUrl, apiUrl, drop } = await createTestDatabase();
  const urls = { owner: ownerUrl, relay: relayUrl, api: apiUrl };
  const pool = (role: Role) => new pg.Pool({ connectionString: urls[role] });
  const pools = { owner: pool("owner"), relay: pool("relay"), api: pool("api") };
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
