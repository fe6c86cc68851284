import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";

/**
 * Applies the migrations of sql/migrations that are not applied yet, under an advisory lock (several may start at once),
 * and returns their names.
 */
export async function migrate(databaseUrl: string, log: (line: string) => void): Promise<string[]> {
  const applied = await runner({
    databaseUrl,
    dir: fileURLToPath(new URL("migrations", import.meta.url)),
    direction: "up",
    migrationsTable: "migrations",
    checkOrder: true,
    log,
  });
  return applied.map((migration) => migration.name);
}

if (import.meta.main) {
  const databaseUrl = process.env.DATABASE_URL;
  if (!databaseUrl) {
    console.error("DATABASE_URL is not set, e.g. postgres://owner:secret@localhost:5432/orders");
    process.exit(2);
  }
  try {
    const applied = await migrate(databaseUrl, () => {});
    console.log(applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`);
  } catch (error) {
    console.error(`migration failed: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
