import { inject } from "vitest";

/** Where the servers of this run are; made by test/setup/servers.ts. */
export interface TestServers {
  /** The superuser's, to the database `postgres`. */
  readonly databaseUrl: string;
  /** Of PostgreSQL; 18 but for `npm run test:postgres`. */
  readonly postgresMajor: number;
  /** A migrated database with the roles' rights; each test database is a copy of it. */
  readonly templateDatabase: string;
  /** What the names of this run's databases begin with. */
  readonly databasePrefix: string;
  /** host:port, separated by commas */
  readonly kafkaBrokers: string;
  readonly redisUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    servers: TestServers;
  }
}

/** Whether slots can be kept on standbys: from PostgreSQL 17 on. */
export const hasFailoverSlots = (): boolean => testServers().postgresMajor >= 17;

/** How the server begins when a role may not replicate. */
export const replicationRefused = (): string =>
  testServers().postgresMajor >= 16 ? "permission denied" : "must be superuser or replication role";

/** Throws in a test file whose name does not ask for servers. */
export function testServers(): TestServers {
  const servers = inject("servers");
  if (servers === undefined) {
    throw new Error(
      "no servers here: name the file .pg.test.ts, .kafka.test.ts, .redis.test.ts, .e2e.test.ts or .chaos.test.ts",
    );
  }
  return servers;
}
