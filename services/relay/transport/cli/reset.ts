import type { OutboxStanding, ResetWay } from "../../application/operations/checkpoint-desk.ts";
import { flag, jsonOption, noPositionals } from "./arguments.ts";
import { defineCommand, type Given, UsageError } from "./command.ts";
import { confirmed } from "./confirmed.ts";

export const resetCheckpoint = defineCommand(
  {
    name: "reset",
    usage: "--adopt | --republish  [--yes] [--json]",
    summary: "say what counts as published, after a dump or a backup was restored",
    about: [
      "A relay stops when its checkpoint does not belong to this database: going on would lose or repeat events, and",
      "only you know which of the two is right.",
      "",
      "  --adopt      All that is in the outbox now counts as published; the relay goes on with what comes after.",
      "               Right when the topics have all of it. What they do not have will never be published.",
      "  --republish  All that is in the outbox now is published once more; consumers see repeats, with the same ids.",
      "               Right when you cannot be sure, and consumers leave out events they have seen.",
      "",
      "Writers wait while it runs. A relay that is running notices within seconds (when idle and polling, 30 s at the most).",
    ],
    options: {
      adopt: { help: "take all that is in the outbox as published" },
      republish: { help: "publish all that is in the outbox once more" },
      yes: { help: "do not ask" },
      ...jsonOption,
    },
    examples: ["outbox reset --adopt", "RELAY_NAME=orders outbox reset --republish --yes"],
  },
  (given) => {
    noPositionals(given);
    return { way: way(given), yes: flag(given, "yes"), json: flag(given, "json") };
  },
  async ({ way, yes, json }, { operations, terminal, relay, who }) => {
    for (const line of explanation(way, relay, await operations.checkpoint.standing())) terminal.note(line);
    if (!(await confirmed(terminal, yes, `Reset the checkpoint of relay ${relay}?`))) return 1;
    const toPublish = await operations.checkpoint.reset(way, {
      who,
      command: "reset",
      arguments: { way },
      text: `reset --${way} asked for by ${who}`,
    });
    if (json) terminal.result(JSON.stringify({ relay, way, toPublish }));
    else terminal.result(`relay ${relay} was reset: ${toPublish} events are left to publish`);
    return 0;
  },
);

function way(given: Given): ResetWay {
  const [adopt, republish] = [flag(given, "adopt"), flag(given, "republish")];
  if (adopt === republish) throw new UsageError("say one of: --adopt, --republish");
  return adopt ? "adopt" : "republish";
}

function explanation(way: ResetWay, relay: string, standing: OutboxStanding): string[] {
  const { events, unpublished, deadLetters } = standing;
  const letters =
    deadLetters === 1
      ? "1 dead letter or event behind one"
      : `${deadLetters} dead letters and events behind them`;
  return [
    `relay ${relay}: the outbox has ${events} events; by the checkpoint as it is, ${unpublished} of them are not published`,
    way === "adopt"
      ? `--adopt: all ${events} will count as published, and none of them is sent any more`
      : `--republish: all ${events} will be published once more; consumers see those again that they have had`,
    ...(deadLetters === 0
      ? []
      : [way === "adopt" ? `${letters} stay as they are` : `${letters} come again from the outbox as well`]),
  ];
}
