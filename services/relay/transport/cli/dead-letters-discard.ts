import { eventId, flag, integer, jsonOption } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { confirmed } from "./confirmed.ts";
import { askForLetters, waitLimits, waitOption } from "./dead-letters-ask.ts";
import { unknownLetter } from "./dead-letters-show.ts";

export const discardDeadLetter = defineCommand(
  {
    name: "dead-letters discard",
    usage: "<event-id> [--yes] [--wait S] [--json]",
    summary: "give one up for good, and publish what waits behind it",
    about: [
      "The event will never be published; its row stays in the outbox until the retention ends. Consumers see a gap in the",
      "versions of its key. What waits behind it is then published in order.",
    ],
    options: { yes: { help: "do not ask" }, ...waitOption, ...jsonOption },
    examples: ["outbox dead-letters discard 0198f2c1-6a0e-7cc2-9d1b-2f6d3b8f1a10 --yes"],
  },
  (given) => ({
    id: eventId(given),
    yes: flag(given, "yes"),
    waitSeconds: integer(given, "wait", waitLimits),
    json: flag(given, "json"),
  }),
  async ({ id, yes, ...options }, context) => {
    const letter = await context.operations.deadLetters.find(id);
    if (!letter) throw unknownLetter(context.relay, id);
    const question = `Give up event ${id} (${letter.eventType}) for good? ${letter.behind} wait behind it.`;
    if (!(await confirmed(context.terminal, yes, question))) return 1;
    return askForLetters("discard", { id }, options, context);
  },
);
