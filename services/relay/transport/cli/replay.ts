import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReplaySelection } from "../../application/operations/replay-desk.ts";
import { type ReplayResult, replayEvents } from "../../application/operations/replay-events.ts";
import { flag, integer, jsonOption, noPositionals, text } from "./arguments.ts";
import { type CommandContext, defineCommand, type ExitCode, type Given, UsageError } from "./command.ts";
import { confirmed } from "./confirmed.ts";

const ACK_TIMEOUT_MS = 60_000;
const BATCH = { events: 500, bytes: 900_000 };
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/;

export const replay = defineCommand(
  {
    name: "replay",
    usage: "--key K | --from T --to T  [--type T,…] [--after N] [--rate N] [--dry-run] [--yes] [--json]",
    summary: "publish events once more that are published already",
    about: [
      "Sends what is in the outbox of a key, or of a time, to its topic again: in order per key, with the same ce_id, key and",
      "payload, marked by the header ce_replayid, without ce_transactionid. Consumers that de-duplicate by id or version",
      "ignore it; others must know what they do. What the relay has yet to publish, dead letters and discarded events are",
      "left out. The relay may run, and pays no heed to it. Takes the relay's own variables for Kafka (KAFKA_BROKERS,",
      "RELAY_TOPICS, RELAY_SOURCE, …). Ctrl-C ends it after the batch in flight; where to go on is told.",
    ],
    options: {
      key: { value: "K", help: "events of this key (aggregate_id)" },
      from: { value: "T", help: "written at this time or later, like 2026-11-27T08:00Z" },
      to: { value: "T", help: "written before this time" },
      type: { value: "T,…", help: "of these event types only" },
      after: {
        value: "N",
        help: "behind this position in the outbox, as a replay that has ended early tells it",
      },
      rate: {
        value: "N",
        help: "at the most so many events a second (default: 1000; 0: as fast as it goes)",
      },
      "dry-run": { help: "count them, and publish nothing" },
      yes: { help: "do not ask" },
      ...jsonOption,
    },
    examples: [
      "outbox replay --key 0198f2c1 --dry-run",
      "outbox replay --from 2026-11-27T08:00Z --to 2026-11-27T09:00Z --type OrderCreated --rate 200",
    ],
  },
  (given) => {
    noPositionals(given);
    return {
      selection: selection(given),
      rate: integer(given, "rate", { min: 0, max: 1_000_000, otherwise: 1_000 }),
      dryRun: flag(given, "dry-run"),
      yes: flag(given, "yes"),
      json: flag(given, "json"),
    };
  },
  async ({ selection, rate, dryRun, yes, json }, context) => {
    const { operations, terminal, relay } = context;
    const found = await operations.replay.find(selection);
    const { events, unpublished, unpublishable } = found;
    terminal.note(
      `${events} published events match; left out: ${unpublished} that the relay has yet to publish, ${unpublishable} that are dead letters or were discarded`,
    );
    if (dryRun || events === 0) {
      if (json) terminal.result(JSON.stringify({ relay, replayed: 0, events, unpublished, unpublishable }));
      else terminal.result(dryRun ? `${events} events would be replayed` : "there is nothing to replay");
      return 0;
    }
    if (!(await confirmed(terminal, yes, `Publish ${events} events of relay ${relay} once more?`))) return 1;
    const id = randomUUID();
    await note(context, "replay begins", { id, ...detailsOf(selection), events });
    const result = await replayEvents(operations.replay, {
      id,
      selection,
      published: found.published,
      rate: rate === 0 ? undefined : rate,
      batch: BATCH,
      stop: terminal.interrupted(),
      ackTimeoutMs: ACK_TIMEOUT_MS,
      now: () => performance.now(),
      sleep: (ms) => sleep(ms),
      onProgress: (done) =>
        terminal.progress(`replayed ${done.events} of ${events}, up to position ${done.position}`),
    });
    terminal.progress();
    await note(context, result.failure ? "replay ended early" : "replay is done", {
      id,
      replayed: result.events,
      position: result.position,
      failure: result.failure?.message,
    });
    return tell(id, result, selection, json, context);
  },
);

function selection(given: Given): ReplaySelection {
  const [key, from, to] = [text(given, "key"), time(given, "from"), time(given, "to")];
  if (key === undefined && (from === undefined || to === undefined))
    throw new UsageError("say which events: --key K, or --from T and --to T");
  const after = text(given, "after") ?? "0";
  if (!/^\d{1,18}$/.test(after)) throw new UsageError("--after must be a position in the outbox");
  const types = (text(given, "type") ?? "").split(",").filter((type) => type !== "");
  return { key, from, to, types, afterPosition: after };
}

function time(given: Given, option: string): string | undefined {
  const value = text(given, option);
  if (value === undefined) return undefined;
  if (TIME.test(value) && !Number.isNaN(Date.parse(value)))
    return value.length === 10 ? `${value}T00:00Z` : value;
  throw new UsageError(`--${option} must be a time with its zone, like 2026-11-27T08:00Z, or a day (UTC)`);
}

/** What was given of it. */
function detailsOf({ key, from, to, types, afterPosition }: ReplaySelection): Record<string, unknown> {
  return {
    key,
    from,
    to,
    ...(types.length > 0 ? { types } : {}),
    ...(afterPosition === "0" ? {} : { after: afterPosition }),
  };
}

async function note(
  { operations, who }: CommandContext,
  what: string,
  details: Record<string, unknown>,
): Promise<void> {
  const told = JSON.stringify(details);
  await operations.replay.note({
    who,
    command: "replay",
    arguments: details,
    text: `${what}, by ${who}: ${told}`,
  });
}

function tell(
  id: string,
  { events, position, failure }: ReplayResult,
  selection: ReplaySelection,
  json: boolean,
  { terminal, relay }: CommandContext,
): ExitCode {
  if (json) {
    terminal.result(
      JSON.stringify({
        relay,
        id,
        replayed: events,
        done: !failure,
        after: position,
        failure: failure?.message,
      }),
    );
  } else {
    terminal.result(`replayed ${events} events, marked ce_replayid ${id}`);
  }
  if (!failure) return 0;
  terminal.note(`it ended early: ${failure.message}; go on with: ${commandFrom(selection, position)}`);
  return 1;
}

function commandFrom({ key, from, to, types }: ReplaySelection, position: string): string {
  const options = [
    ...(key === undefined ? [] : ["--key", shellWord(key)]),
    ...(from === undefined ? [] : ["--from", shellWord(from)]),
    ...(to === undefined ? [] : ["--to", shellWord(to)]),
    ...(types.length === 0 ? [] : ["--type", shellWord(types.join(","))]),
  ];
  return `outbox replay ${options.join(" ")} --after ${position}`;
}

function shellWord(word: string): string {
  return /^[\w.:,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
