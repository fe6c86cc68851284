import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isWithoutTransaction } from "../../sql/migration-files.ts";
import { installPythonTool } from "./python-tool.ts";

/**
 * squawk over the migrations (or those of the folder named): fails at whatever would hold up a system at work or rewrite a table. What
 * is let through is marked in the migration, with the reason. The wheel on PyPI carries the real program.
 */
const [folder = join(import.meta.dirname, "..", "..", "sql", "migrations")] = process.argv.slice(2);

const EXCLUDED = [
  // Each runs in a transaction, or is written so that it can be run again.
  "prefer-robust-stmts",
  // What waits is bounded by lock_timeout; what takes long by itself must hold nobody up, and may take long.
  "require-statement-timeout",
];

const squawk = await installPythonTool({ name: "squawk-cli", version: "2.70.0", program: "squawk" });
const paths = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .map((file) => join(folder, file));
const isAlone = (path: string) => isWithoutTransaction(readFileSync(path, "utf8"));
for (const [files, options] of [
  [paths.filter((path) => !isAlone(path)), ["--assume-in-transaction"]],
  [paths.filter(isAlone), []],
] as const) {
  if (files.length === 0) continue;
  const { status } = spawnSync(
    squawk,
    ["--pg-version", "14.0", "--exclude", EXCLUDED.join(), "--reporter", "gcc", ...options, ...files],
    { stdio: "inherit" },
  );
  if (status !== 0) process.exitCode = 1;
}
