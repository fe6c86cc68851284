import { readFile } from "node:fs/promises";
import type { RunnerOption } from "node-pg-migrate";

/** As its head says: its statements, which empty lines set apart, are run one by one, each in a transaction of its own. */
export function isWithoutTransaction(migration: string): boolean {
  return /^-- No transaction\b/m.test(migration);
}

/** Migrations are SQL, and go forward only; each is run in one transaction unless its head says otherwise. */
export const readMigrationFiles: NonNullable<RunnerOption["migrationLoaderStrategies"]> = [
  {
    extensions: [".sql"],
    loader: (paths) =>
      Promise.all(
        paths.map(async (path) => {
          const text = await readFile(path, "utf8");
          return {
            id: path,
            filePaths: [path],
            actions: {
              up(pgm) {
                if (!isWithoutTransaction(text)) return pgm.sql(text);
                pgm.noTransaction();
                for (const statement of statementsOf(text)) pgm.sql(statement);
              },
              down: false,
            },
          };
        }),
      ),
  },
];

function statementsOf(text: string): string[] {
  return text.split(/\n\s*\n/).filter((part) => /^(?!--)\S/m.test(part));
}
