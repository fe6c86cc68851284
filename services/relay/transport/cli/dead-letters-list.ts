import type { LetterSummary } from "../../application/operations/dead-letter-desk.ts";
import { flag, integer, jsonOption, noPositionals, text } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { formatTime, renderTable } from "./table.ts";

const columns = [
  { title: "POSITION", align: "right" },
  { title: "EVENT ID" },
  { title: "TYPE", max: 30 },
  { title: "KEY", max: 40 },
  { title: "VERSION", align: "right" },
  { title: "REASON" },
  { title: "ATTEMPTS", align: "right" },
  { title: "SINCE" },
  { title: "BEHIND", align: "right" },
  { title: "REQUEST" },
  { title: "DETAIL", max: 200 },
] as const;

export const listDeadLetters = defineCommand(
  {
    name: "dead-letters list",
    usage: "[--key K] [--limit N] [--json]",
    summary: "show the events that cannot be published",
    about: [
      "Shows the events that can never be published as they are, the oldest first, why, and how many events of",
      "the same key wait behind each (BEHIND). Events of other keys are not held up.",
    ],
    options: {
      key: { value: "K", help: "only this key (aggregate_id), with the events that wait" },
      limit: { value: "N", help: "at the most so many (default: 50)" },
      ...jsonOption,
    },
    examples: ["outbox dead-letters list", "outbox dead-letters list --key 0198f2c1 --json | jq '.[].id'"],
  },
  (given) => {
    noPositionals(given);
    return {
      key: text(given, "key"),
      limit: integer(given, "limit", { min: 1, max: 100_000, otherwise: 50 }),
      json: flag(given, "json"),
    };
  },
  async ({ key, limit, json }, { operations, terminal, relay }) => {
    const { letters, total } = await operations.deadLetters.list({ key, limit });
    if (json) {
      terminal.result(JSON.stringify(letters));
    } else if (letters.length === 0) {
      terminal.note(`relay ${relay} has no dead letters${key === undefined ? "" : " of this key"}`);
    } else {
      const { titles, lines } = renderTable(columns, letters.map(row));
      terminal.result(terminal.bold(titles));
      for (const line of lines) terminal.result(line);
    }
    if (total > letters.length) {
      terminal.note(`${total - letters.length} more; --limit ${total} shows all`);
    }
    return 0;
  },
);

function row(letter: LetterSummary): string[] {
  return [
    letter.position,
    letter.id,
    letter.eventType,
    letter.key,
    letter.aggregateVersion,
    letter.reason ?? "waits",
    letter.reason === undefined ? "" : `${letter.attempts}`,
    formatTime(letter.parkedAt),
    `${letter.behind}`,
    letter.request ?? "",
    letter.detail ?? "",
  ];
}
