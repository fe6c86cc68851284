import { expect, test } from "vitest";
import { readRunbookCommands } from "./runbook-commands.ts";

test("lines, statements and commands within sentences are found, comments are not", () => {
  const page = [
    "# Page",
    "```sh test",
    "npx outbox status   # is it fine?",
    "# only words",
    "```",
    "Say `npx outbox resume`, or `alter system set a = '1'; select pg_reload_conf()`; `wal_level` is a name.",
    "   ```sql",
    "   select 1;",
    "   select 2",
    "     from t;",
    "   ```",
    "```json",
    "{}",
    "```",
  ].join("\n");
  expect(readRunbookCommands(page)).toEqual([
    { language: "sh", text: "npx outbox status", onlyLooks: true },
    { language: "sql", text: "select 1", onlyLooks: false },
    { language: "sql", text: "select 2\n     from t", onlyLooks: false },
    { language: "sh", text: "npx outbox resume", onlyLooks: false },
    { language: "sql", text: "alter system set a = '1'", onlyLooks: false },
    { language: "sql", text: "select pg_reload_conf()", onlyLooks: false },
  ]);
});
