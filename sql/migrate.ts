import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PG_MIGRATE_LOCK_ID, runner } from "node-pg-migrate";
import pg from "pg";
import { z } from "zod";
import { variable } from "../services/platform/config.ts";
import { runDatabaseCommand } from "./database-command.ts";
import { readMigrationFiles } from "./migration-files.ts";

const LOCK_INTERVAL_MS = 250;

/**
 * Applies the migrations of sql/migrations that are not applied yet, under an advisory lock (of several that start at once the others wait),
 * and returns their names: of `count` of them, where it is given.
 */
export async function migrate(
  databaseUrl: string,
  log: (line: string) => void,
  count?: number,
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "migrate" });
  client.on("error", () => {}); // what runs next is told
  await client.connect();
  try {
    await lock(client);
    const applied = await runner({
      dbClient: client,
      dir: fileURLToPath(new URL("migrations", import.meta.url)),
      direction: "up",
      migrationsTable: "migrations",
      checkOrder: true,
      noLock: true,
      migrationLoaderStrategies: readMigrationFiles,
      log,
      ...(count === undefined ? {} : { count }),
    });
    return applied.map((migration) => migration.name);
  } finally {
    await client.end(); // and the lock with it
  }
}

/**
 * Asks again and again: a statement that waits has a snapshot, for which an index that is built concurrently waits in its turn, and
 * Postgres would end one of the two as deadlocked.
 */
async function lock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [
      PG_MIGRATE_LOCK_ID,
    ]);
    if (rows[0]?.mine) return;
    await delay(LOCK_INTERVAL_MS);
  }
}

export const configSchema = z.object({ DATABASE_URL: variable.url("postgres:", "postgresql:") });

if (import.meta.main)
  process.exitCode = await runDatabaseCommand({
    schema: configSchema,
    async work({ DATABASE_URL }) {
      const applied = await migrate(DATABASE_URL, () => {});
      return applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`;
    },
    failure: "migration failed",
    advice: "; it is that of the owner, e.g. postgres://owner:secret@localhost:5432/orders",
  });
