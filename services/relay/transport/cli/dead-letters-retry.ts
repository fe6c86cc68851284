import type { LetterSelection } from "../../application/operations/dead-letter-desk.ts";
import { flag, integer, jsonOption, optionalEventId, text } from "./arguments.ts";
import { defineCommand, type Given, UsageError } from "./command.ts";
import { askForLetters, waitLimits, waitOption } from "./dead-letters-ask.ts";

export const retryDeadLetters = defineCommand(
  {
    name: "dead-letters retry",
    usage: "<event-id> | --key K | --all  [--wait S] [--json]",
    summary: "publish them now that the cause is gone",
    about: [
      "Asks the leader to try again, and waits until it has. What waits behind an event follows it in order, up to the",
      "next one that cannot be published. Mend the cause first: route the aggregate type to a topic (RELAY_TOPICS of",
      "the relay, which has to be restarted), or raise the topic's max.message.bytes. Exit code 1 when one is refused again.",
    ],
    options: {
      key: { value: "K", help: "those of this key (aggregate_id)" },
      all: { help: "all of them" },
      ...waitOption,
      ...jsonOption,
    },
    examples: [
      "outbox dead-letters retry 0198f2c1-6a0e-7cc2-9d1b-2f6d3b8f1a10",
      "outbox dead-letters retry --all --wait 120",
    ],
  },
  (given) => ({
    selection: selection(given),
    waitSeconds: integer(given, "wait", waitLimits),
    json: flag(given, "json"),
  }),
  ({ selection, ...options }, context) => askForLetters("retry", selection, options, context),
);

function selection(given: Given): LetterSelection {
  const id = optionalEventId(given);
  const key = text(given, "key");
  const ways: LetterSelection[] = [];
  if (id !== undefined) ways.push({ id });
  if (key !== undefined) ways.push({ key });
  if (flag(given, "all")) ways.push("all");
  const [way, another] = ways;
  if (way === undefined || another !== undefined)
    throw new UsageError("say one of: <event-id>, --key K, --all");
  return way;
}
