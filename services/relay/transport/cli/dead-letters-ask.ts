import { setTimeout as sleep } from "node:timers/promises";
import { awaitLetters } from "../../application/operations/await-letters.ts";
import type {
  LetterProgress,
  LetterRequest,
  LetterSelection,
  LetterSummary,
} from "../../application/operations/dead-letter-desk.ts";
import { OperationFailed } from "../../application/operations/operations.ts";
import type { CommandContext, ExitCode } from "./command.ts";
import { unknownLetter } from "./dead-letters-show.ts";
import { printable } from "./table.ts";

const INTERVAL_MS = 250;

export const waitOption = {
  wait: {
    value: "S",
    help: "wait at the most so many seconds for the leader to do it (default: 30; 0: do not wait)",
  },
};

export const waitLimits = { min: 0, max: 86_400, otherwise: 30 };

const done = { retry: "published", discard: "discarded" } as const;

/** Leaves the request with the leader, waits until it has been seen to, and tells what has become of each letter. */
export async function askForLetters(
  request: LetterRequest,
  selection: LetterSelection,
  options: { readonly waitSeconds: number; readonly json: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const { operations, terminal, who } = context;
  const desk = operations.deadLetters;
  const asked = await desk.ask(request, selection, {
    who,
    command: `dead-letters ${request}`,
    arguments: selection === "all" ? { all: true } : selection,
    text: `${nameOf(selection)}: ${request} asked for by ${who}`,
  });
  if (asked.length === 0) {
    if (selection !== "all") throw await whyNothing(request, selection, context);
    terminal.note("there are no dead letters to ask this for");
    if (options.json) terminal.result("[]");
    return 0;
  }
  terminal.note(
    `asked the leader of relay ${context.relay}: ${request} ${plural(asked.length, "dead letter")}`,
  );
  const progress = await awaitLetters(desk, asked, {
    timeoutMs: options.waitSeconds * 1_000,
    intervalMs: INTERVAL_MS,
    now: () => performance.now(),
    sleep: (ms) => sleep(ms),
    onProgress: (pending) => terminal.progress(`waiting for the leader: ${pending} of ${asked.length} left`),
  });
  terminal.progress();
  return tell(request, asked, progress, options, context);
}

function tell(
  request: LetterRequest,
  asked: readonly LetterSummary[],
  progress: readonly LetterProgress[],
  { waitSeconds, json }: { readonly waitSeconds: number; readonly json: boolean },
  { terminal }: CommandContext,
): ExitCode {
  if (json) {
    const named = { gone: done[request], refused: "refused", pending: "pending" } as const;
    terminal.result(JSON.stringify(progress.map((each) => ({ ...each, state: named[each.state] }))));
  } else {
    for (const [i, each] of progress.entries())
      terminal.result(sentence(request, each, asked[i]?.behind ?? 0));
  }
  const pending = progress.filter(({ state }) => state === "pending").length;
  if (pending > 0 && waitSeconds > 0) {
    terminal.note(
      `${pending} of ${asked.length} not settled within ${waitSeconds} s: is a relay of this name running, and not paused? The request stays`,
    );
  }
  const failed = progress.some(({ state }) => state === "refused") || (pending > 0 && waitSeconds > 0);
  return failed ? 1 : 0;
}

function sentence(request: LetterRequest, progress: LetterProgress, behind: number): string {
  const { id, state, reason, detail, nextRefused, waiting } = progress;
  if (state === "pending") return `${id} asked for; not settled yet`;
  if (state === "refused") {
    return printable(`${id} refused again: ${reason}, ${detail}; ${plural(waiting, "event")} behind it`);
  }
  if (nextRefused) {
    const { id: next, reason: because } = nextRefused;
    return `${id} ${done[request]}; then ${next} was refused: ${because}; ${plural(waiting, "event")} behind it`;
  }
  return `${id} ${done[request]}${behind > 0 ? `, and ${plural(behind, "event")} behind it published` : ""}`;
}

async function whyNothing(
  request: LetterRequest,
  selection: Exclude<LetterSelection, "all">,
  { operations, relay }: CommandContext,
): Promise<OperationFailed> {
  if ("key" in selection) {
    const key = JSON.stringify(selection.key);
    return new OperationFailed(
      `relay ${relay} has no dead letter of key ${key} to ${request}; list them with: outbox dead-letters list`,
    );
  }
  const letter = await operations.deadLetters.find(selection.id);
  if (!letter) return unknownLetter(relay, selection.id);
  const blocked = letter.waitsBehind;
  return new OperationFailed(
    blocked
      ? `event ${letter.id} only waits behind ${blocked}; ${request} that one`
      : `event ${letter.id} is being released already; see how it goes with: outbox dead-letters show ${letter.id}`,
  );
}

function nameOf(selection: LetterSelection): string {
  if (selection === "all") return "all dead letters";
  return "id" in selection ? `dead letter ${selection.id}` : `dead letters of key ${selection.key}`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
