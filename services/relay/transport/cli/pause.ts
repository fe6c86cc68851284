import type { SlotStanding } from "../../application/operations/slot-desk.ts";
import { bytes } from "../../application/sizes.ts";
import { noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import {
  askedFor,
  followArguments,
  followedSentence,
  followOptions,
  waitForLeader,
} from "./follow-leader.ts";
import { formatTime } from "./table.ts";

export const pauseRelay = defineCommand(
  {
    name: "pause",
    usage: "[--reason TEXT] [--wait S] [--json]",
    summary: "stop publishing until resume; survives restarts and take-overs",
    about: [
      "The leader finishes the batch that is in flight, saves and confirms it, and publishes nothing more, within about a",
      "second; whoever leads after it stays paused. It keeps the lease. Events wait in the outbox, and the WAL since then is",
      "kept for the slot: without a limit (max_slot_wal_keep_size) until the disk is full. A slot that is lost costs no",
      "event, for the outbox is read from the table then. Exit code 1 when the leader has not stopped in time.",
    ],
    options: followOptions,
    examples: ["outbox pause --reason kafka-upgrade", "outbox pause --wait 60 --json"],
  },
  (given) => {
    noPositionals(given);
    return followArguments(given);
  },
  async ({ reason, waitSeconds, json }, context) => {
    const { operations, terminal, relay, who } = context;
    const audit = {
      who,
      command: "pause",
      arguments: { reason },
      text: askedFor("pause", context, reason),
    };
    const isNews = await operations.control.setPaused(true, reason, audit);
    const standing = await waitForLeader(operations.control, waitSeconds);
    const slot = await operations.slot.find();
    const { pause } = standing;
    if (!isNews && pause) {
      const why = pause.reason === undefined ? "" : ` (${pause.reason})`;
      terminal.note(`relay ${relay} was paused already, by ${pause.by} at ${formatTime(pause.at)}${why}`);
    }
    if (slot) terminal.note(walSentence(slot));
    const isStopped = standing.isFollowed || !standing.isLed;
    if (json) {
      terminal.result(JSON.stringify({ relay, paused: true, wasPaused: !isNews, stopped: isStopped }));
    } else {
      terminal.result(`relay ${relay} is paused: ${followedSentence(standing, "it publishes nothing")}`);
    }
    return isStopped || waitSeconds === 0 ? 0 : 1;
  },
);

function walSentence({ name, retainedBytes, safeBytes, walStatus }: SlotStanding): string {
  if (walStatus === "lost") return `slot ${name} is lost: no WAL is kept for it`;
  const kept = `slot ${name} keeps ${bytes(retainedBytes)} of WAL, and all that is written until resume`;
  if (safeBytes === undefined) return `${kept}; max_slot_wal_keep_size sets no limit, so watch the disk`;
  return `${kept}; after ${bytes(Math.max(0, safeBytes))} more it may be lost, and the rest be read from the table`;
}
