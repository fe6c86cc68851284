import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

/** `npm run check:migrations` on one migration. */
function lint(sql: string): { exitCode: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), "migrations-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "0001_some.sql"), sql);
  const script = join(import.meta.dirname, "setup", "lint-migrations.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
  return { exitCode: status, output: stdout + stderr };
}

const waits = "set local lock_timeout = '5s';\n";

test.each([
  [
    "an index that holds writers up",
    `${waits}create index i on orders (reason);`,
    "require-concurrent-index-creation",
  ],
  [
    "one that is built concurrently, in a transaction",
    `${waits}create index concurrently i on orders (reason);`,
    "ban-concurrent-index-creation-in-transaction",
  ],
  [
    "another type of a column",
    `${waits}alter table orders alter column version type numeric;`,
    "changing-column-type",
  ],
  [
    "a default that rewrites the table",
    `${waits}alter table outbox add column drawn float default random();`,
    "adding-field-with-default",
  ],
  [
    "a column that has to have a value",
    `${waits}alter table orders alter column reason set not null;`,
    "adding-not-nullable-field",
  ],
  [
    "a constraint that reads the table under lock",
    `${waits}alter table orders add constraint c check (version > 0);`,
    "constraint-missing-not-valid",
  ],
  [
    "a lock that is waited for without end",
    "alter table orders add column note text;",
    "require-lock-timeout",
  ],
  [
    "a column that goes while services still read it",
    `${waits}alter table orders drop column reason;`,
    "ban-drop-column",
  ],
])("%s is refused", (_, sql, rule) => {
  const { exitCode, output } = lint(`-- Up Migration\n${sql}\n`);
  expect(output).toContain(rule);
  expect(exitCode).toBe(1);
});

test.each([
  [
    "a table and its index",
    `${waits}create table notes (id bigint primary key, at timestamptz);\ncreate index i on notes (at);`,
  ],
  ["a column without a default", `${waits}alter table orders add column note text;`],
  [
    "an index that is built concurrently, outside of a transaction",
    "-- No transaction: of its own.\n\nset lock_timeout = 0;\n\ncreate index concurrently if not exists i on orders (reason);",
  ],
])("%s is let through", (_, sql) => {
  expect(lint(`-- Up Migration\n${sql}\n`)).toEqual({ exitCode: 0, output: "" });
});
