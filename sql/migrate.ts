import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { z } from "zod";
import { ConfigError, loadConfig, variable } from "../services/platform/config.ts";

/**
 * Applies the migrations of sql/migrations that are not applied yet, under an advisory lock (of several that start at once the others wait),
 * and returns their names.
 */
export async function migrate(databaseUrl: string, log: (line: string) => void): Promise<string[]> {
  const applied = await runner({
    databaseUrl,
    dir: fileURLToPath(new URL("migrations", import.meta.url)),
    direction: "up",
    migrationsTable: "migrations",
    checkOrder: true,
    advisoryLockMode: "wait",
    log,
  });
  return applied.map((migration) => migration.name);
}

const configSchema = z.object({ DATABASE_URL: variable.url("postgres:", "postgresql:") });

async function run(): Promise<number> {
  try {
    const { DATABASE_URL } = loadConfig(configSchema, process.env);
    const applied = await migrate(DATABASE_URL, () => {});
    console.log(applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      console.error(`migration failed: ${error instanceof Error ? error.message : error}`);
      return 1;
    }
    console.error(
      `${error.message}; it is that of the owner, e.g. postgres://owner:secret@localhost:5432/orders`,
    );
    return 2;
  }
}

if (import.meta.main) process.exitCode = await run();
