import { setTimeout as sleep } from "node:timers/promises";
import { awaitFollowed } from "../../application/operations/await-followed.ts";
import type { ControlDesk, ControlStanding } from "../../application/operations/control-desk.ts";
import { flag, integer, jsonOption, text } from "./arguments.ts";
import type { CommandContext, Given } from "./command.ts";

const INTERVAL_MS = 100;

/** Of every command that a leader follows. */
export const followOptions = {
  reason: { value: "TEXT", help: "why, for the history and whoever wonders" },
  wait: {
    value: "S",
    help: "wait at the most so many seconds for the leader to do it (default: 10; 0: do not wait)",
  },
  ...jsonOption,
};

/** @throws UsageError */
export function followArguments(given: Given) {
  return {
    reason: text(given, "reason"),
    waitSeconds: integer(given, "wait", { min: 0, max: 86_400, otherwise: 10 }),
    json: flag(given, "json"),
  };
}

/** For the history: `what` is what is asked for. */
export function askedFor(
  what: string,
  { who }: Pick<CommandContext, "who">,
  reason: string | undefined,
): string {
  return `${what} asked for by ${who}${reason === undefined ? "" : `: ${reason}`}`;
}

export function waitForLeader(
  desk: Pick<ControlDesk, "standing">,
  waitSeconds: number,
): Promise<ControlStanding> {
  return awaitFollowed(desk, {
    timeoutMs: waitSeconds * 1_000,
    intervalMs: INTERVAL_MS,
    now: () => performance.now(),
    sleep: (ms) => sleep(ms),
  });
}

/** `done`: what the leader does when it acts by it. */
export function followedSentence({ isFollowed, isLed }: ControlStanding, done: string): string {
  if (!isLed) return "no relay leads now; whoever does next begins so";
  if (isFollowed) return `its leader has followed, ${done}`;
  return "its leader has not followed yet: it may wait for the broker's ack, or be of an older version";
}
