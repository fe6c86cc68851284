import { noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import {
  askedFor,
  followArguments,
  followedSentence,
  followOptions,
  waitForLeader,
} from "./follow-leader.ts";

export const resumeRelay = defineCommand(
  {
    name: "resume",
    usage: "[--reason TEXT] [--wait S] [--json]",
    summary: "publish again after a pause",
    about: [
      "The leader goes on from its checkpoint: nothing is lost or repeated. Exit code 1 when it has not begun in time.",
    ],
    options: followOptions,
    examples: ["outbox resume", "outbox resume --reason upgraded"],
  },
  (given) => {
    noPositionals(given);
    return followArguments(given);
  },
  async ({ reason, waitSeconds, json }, context) => {
    const { operations, terminal, relay, who } = context;
    const audit = {
      who,
      command: "resume",
      arguments: { reason },
      text: askedFor("resume", context, reason),
    };
    const isNews = await operations.control.setPaused(false, reason, audit);
    if (!isNews) terminal.note(`relay ${relay} was not paused`);
    const standing = await waitForLeader(operations.control, waitSeconds);
    if (json) {
      const { isFollowed: followed } = standing;
      terminal.result(JSON.stringify({ relay, paused: false, wasPaused: isNews, resumed: followed }));
    } else {
      terminal.result(`relay ${relay} is not paused: ${followedSentence(standing, "it publishes")}`);
    }
    return standing.isFollowed || waitSeconds === 0 ? 0 : 1;
  },
);
