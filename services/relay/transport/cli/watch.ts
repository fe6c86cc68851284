import { delay } from "../../../platform/delay.ts";
import { type RelayStatus, readStatus, unanswered } from "../../application/operations/read-status.ts";
import { flag, integer, jsonOption, noPositionals } from "./arguments.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { statusJson, statusLines } from "./status-lines.ts";
import { formatTime, printable } from "./table.ts";

/** A database that is cut off without a word must not end the watching. */
const ANSWER_TIMEOUT_MS = 10_000;

export const watchStatus = defineCommand(
  {
    name: "watch",
    usage: "[--interval S] [--json]",
    summary: "show the status again and again, until Ctrl-C",
    about: [
      "On a terminal the screen of outbox status is drawn again; elsewhere each look is a line. While the database does not",
      "answer it says so, goes on, and shows what was known last.",
    ],
    options: { interval: { value: "S", help: "look every so many seconds (default: 2)" }, ...jsonOption },
    examples: ["outbox watch", "outbox watch --interval 10 --json | jq .summary"],
    needsRelay: false,
  },
  (given) => {
    noPositionals(given);
    const interval = integer(given, "interval", { min: 1, max: 86_400, otherwise: 2 });
    return { intervalMs: interval * 1_000, json: flag(given, "json") };
  },
  async ({ intervalMs, json }, context) => {
    const { terminal, relay } = context;
    const ended = terminal.interrupted();
    let status: RelayStatus | undefined;
    while (!ended.aborted) {
      status = await look(status, context, ended);
      if (ended.aborted) break;
      if (json) terminal.result(statusJson(relay, status));
      else if (terminal.redraw) terminal.redraw(screen(status, intervalMs, context));
      else terminal.result(oneLine(status));
      await delay(intervalMs, ended);
    }
    return 0;
  },
);

async function look(
  last: RelayStatus | undefined,
  { operations }: CommandContext,
  ended: AbortSignal,
): Promise<RelayStatus> {
  const answered = new AbortController();
  const reading = readStatus(operations);
  reading.catch(() => {}); // when it comes too late
  try {
    const late = delay(ANSWER_TIMEOUT_MS, AbortSignal.any([answered.signal, ended]));
    const status = await Promise.race([reading, late]);
    if (status) return status;
    throw new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1_000} s`);
  } catch (error) {
    return unanswered(last, error instanceof Error ? error.message : String(error), Date.now());
  } finally {
    answered.abort();
  }
}

function screen(
  status: RelayStatus,
  intervalMs: number,
  { terminal, relay }: CommandContext,
): readonly string[] {
  const at = `${formatTime(new Date(status.at))}, every ${intervalMs / 1_000} s; Ctrl-C ends it`;
  return [...statusLines(relay, status, terminal), "", terminal.styled("dim", at)];
}

function oneLine({ at, health, figures }: RelayStatus): string {
  const waiting = figures === undefined ? "" : `, ${figures.unpublishedEvents} unpublished`;
  return `${formatTime(new Date(at))}  ${health.status}${waiting}  ${printable(health.summary)}`;
}
