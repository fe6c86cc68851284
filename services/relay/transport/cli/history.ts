import { flag, integer, jsonOption, noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { formatTime, renderTable } from "./table.ts";

const columns = [
  { title: "AT" },
  { title: "EPOCH", align: "right" },
  { title: "LEADER" },
  { title: "MODE" },
  { title: "WHAT", max: 300 },
] as const;

export const showHistory = defineCommand(
  {
    name: "history",
    usage: "[--limit N] [--json]",
    summary: "show what happened to the relay and what people did to it",
    about: ["The newest comes first."],
    options: { limit: { value: "N", help: "at the most so many (default: 50)" }, ...jsonOption },
    examples: ["outbox history", "outbox history --limit 5 --json"],
  },
  (given) => {
    noPositionals(given);
    const limit = integer(given, "limit", { min: 1, max: 100_000, otherwise: 50 });
    return { limit, json: flag(given, "json") };
  },
  async ({ limit, json }, { operations, terminal, relay }) => {
    const lines = await operations.history.recent(limit);
    if (json) {
      terminal.result(JSON.stringify(lines));
      return 0;
    }
    if (lines.length === 0) terminal.note(`nothing has happened to relay ${relay} yet`);
    const table = renderTable(
      columns,
      lines.map(({ at, epoch, leader, fromMode, toMode, reason }) => [
        formatTime(at),
        epoch ?? "",
        leader ?? "",
        toMode === undefined ? "" : `${fromMode ?? "none"} > ${toMode}`,
        reason,
      ]),
    );
    if (lines.length > 0) terminal.result(terminal.bold(table.titles));
    for (const line of table.lines) terminal.result(line);
    return 0;
  },
);
