import type { LetterContent } from "../../application/operations/dead-letter-desk.ts";
import { OperationFailed } from "../../application/operations/operations.ts";
import { eventId, flag, jsonOption } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { printable } from "./table.ts";

export const showDeadLetter = defineCommand(
  {
    name: "dead-letters show",
    usage: "<event-id> [--json]",
    summary: "show one of them with all that is known, its payload too",
    about: ["Also shows an event that only waits behind another one of its key."],
    options: jsonOption,
    examples: [
      "outbox dead-letters show 0198f2c1-6a0e-7cc2-9d1b-2f6d3b8f1a10",
      "outbox dead-letters show 0198f2c1-6a0e-7cc2-9d1b-2f6d3b8f1a10 --json | jq .payload",
    ],
  },
  (given) => ({ id: eventId(given), json: flag(given, "json") }),
  async ({ id, json }, { operations, terminal, relay }) => {
    const letter = await operations.deadLetters.find(id);
    if (!letter) throw unknownLetter(relay, id);
    if (json) terminal.result(toJson(letter));
    else
      for (const [name, value] of fields(letter))
        terminal.result(`${terminal.bold(name.padEnd(17))}${value}`);
    return 0;
  },
);

export function unknownLetter(relay: string, id: string): OperationFailed {
  return new OperationFailed(
    `relay ${relay} has no dead letter with the event id ${id}; list them with: outbox dead-letters list`,
  );
}

function fields(letter: LetterContent): [string, string][] {
  const all: [string, string | undefined][] = [
    ["event id", letter.id],
    ["position", letter.position],
    ["type", letter.eventType],
    ["aggregate type", letter.aggregateType],
    ["key", letter.key],
    ["version", letter.aggregateVersion],
    [
      "reason",
      letter.reason ?? (letter.waitsBehind ? `waits behind ${letter.waitsBehind}` : "is being released"),
    ],
    ["detail", letter.detail],
    ["attempts", letter.reason === undefined ? undefined : `${letter.attempts}`],
    ["written", letter.createdAt.toISOString()],
    ["parked", letter.parkedAt.toISOString()],
    ["refused", letter.reason === undefined ? undefined : letter.refusedAt.toISOString()],
    ["waiting behind it", `${letter.behind}`],
    ["request", letter.request],
    ["headers", letter.headers],
    ["payload", letter.payload],
  ];
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[`${name} `, printable(value)]]));
}

/** Payload and headers go in as Postgres printed them: a parser would round large numbers. */
function toJson({ payload, headers, ...rest }: LetterContent): string {
  return `${JSON.stringify(rest).slice(0, -1)},"headers":${headers},"payload":${payload}}`;
}
