import { setTimeout as sleep } from "node:timers/promises";
import { awaitDrained } from "../../application/operations/await-drained.ts";
import type { DrainStanding } from "../../application/operations/drain-desk.ts";
import { flag, integer, jsonOption, noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";

const INTERVAL_MS = 250;

export const drainRelay = defineCommand(
  {
    name: "drain",
    usage: "[--timeout S] [--json]",
    summary: "wait until all that is committed now is published",
    about: [
      "Changes nothing: it waits until the relay's checkpoint covers everything that was committed when it was called, for",
      "example before an upgrade or a move. What is committed later is not waited for. Dead letters stay, and are told of.",
      "Exit code 1 when time is up.",
    ],
    options: {
      timeout: { value: "S", help: "wait at the most so many seconds (default: 60; 0: only look)" },
      ...jsonOption,
    },
    examples: ["outbox drain", "outbox drain --timeout 600 --json"],
  },
  (given) => {
    noPositionals(given);
    return {
      timeoutSeconds: integer(given, "timeout", { min: 0, max: 86_400, otherwise: 60 }),
      json: flag(given, "json"),
    };
  },
  async ({ timeoutSeconds, json }, { operations, terminal, relay }) => {
    let told: string | undefined;
    const tellHindrance = (standing: DrainStanding) => {
      const hindrance = hindranceOf(standing, relay);
      if (hindrance !== undefined && hindrance !== told) terminal.note(hindrance);
      told = hindrance;
    };
    const standing = await awaitDrained(operations.drain, {
      timeoutMs: timeoutSeconds * 1_000,
      intervalMs: INTERVAL_MS,
      now: () => performance.now(),
      sleep: (ms) => sleep(ms),
      onProgress(each) {
        tellHindrance(each);
        terminal.progress(`waiting for relay ${relay}: ${countOf(each)} left`);
      },
    });
    terminal.progress();
    const { left, deadLetters } = standing;
    const drained = left === 0;
    if (!drained) tellHindrance(standing);
    if (deadLetters > 0) {
      terminal.note(
        `${deadLetters} dead letters and events behind them are not published: outbox dead-letters list`,
      );
    }
    if (json) terminal.result(JSON.stringify({ relay, drained, left, deadLetters }));
    else if (drained) terminal.result(`relay ${relay} has published all that was committed`);
    else terminal.result(`relay ${relay} has ${countOf(standing)} left to publish after ${timeoutSeconds} s`);
    return drained ? 0 : 1;
  },
);

function hindranceOf({ isPaused, isLed }: DrainStanding, relay: string): string | undefined {
  if (isPaused) return `relay ${relay} is paused: outbox resume`;
  if (!isLed) return `no relay ${relay} leads now: is one running?`;
  return undefined;
}

function countOf({ left, isAtLeast }: DrainStanding): string {
  return isAtLeast ? `${left} events or more` : left === 1 ? "1 event" : `${left} events`;
}
