import type { Finding } from "../application/doctor/finding.ts";
import type { LetterSummary } from "../application/operations/dead-letter-desk.ts";
import type { Operations } from "../application/operations/operations.ts";
import { type CliParts, runCli } from "../transport/cli/run-cli.ts";
import type { Terminal } from "../transport/cli/terminal.ts";
import { outboxState } from "./outbox-state.ts";

export const aLetter: LetterSummary = {
  position: "7",
  id: "0198f2c1-6a0e-7cc2-9d1b-2f6d3b8f1a10",
  aggregateType: "order",
  key: "key-1",
  aggregateVersion: "3",
  eventType: "OrderCreated",
  reason: "no_topic",
  detail: "no topic for it",
  attempts: 2,
  parkedAt: new Date("2026-11-24T08:00:00Z"),
  refusedAt: new Date("2026-11-24T09:00:00Z"),
  behind: 4,
  request: undefined,
};

const findings: readonly Finding[] = [
  { area: "postgres", check: "wal_level", status: "ok", found: "logical" },
  {
    area: "postgres",
    check: "replication right",
    status: "warning",
    found: "it could be better",
    repair: { sql: ["alter role outbox_relay replication;"], note: "as a superuser" },
  },
  { area: "kafka", check: "cleanup.policy", status: "skipped", found: "the topic is not there" },
];

export interface FakeRun {
  readonly exitCode: number;
  readonly results: string[];
  readonly notes: string[];
  /** What was asked of the operations, as `name` or `name argument`. */
  readonly calls: string[];
}

/** Runs the CLI on operations that note what they are asked for and answer as if all went well. */
export async function runOnFakes(
  args: readonly string[],
  options: { readonly answer?: boolean; readonly relays?: string[]; readonly open?: CliParts["open"] } = {},
): Promise<FakeRun> {
  const results: string[] = [];
  const notes: string[] = [];
  const calls: string[] = [];
  const terminal: Terminal = {
    result: (line) => void results.push(line),
    note: (line) => void notes.push(line),
    progress: () => {},
    confirm: async () => options.answer,
    // One look of `watch`.
    interrupted: () => (args[0] === "watch" ? AbortSignal.timeout(50) : new AbortController().signal),
    bold: (text) => text,
    styled: (_, text) => text,
    columns: Number.POSITIVE_INFINITY,
    redraw: undefined,
  };
  const operations = fakeOperations(calls, options.relays ?? ["orders"]);
  const open = options.open ?? (() => ({ operations, relay: "orders" }));
  const exitCode = await runCli(args, { terminal, who: "ann@desk", open });
  return { exitCode, results, notes, calls };
}

function fakeOperations(calls: string[], relays: string[]): Operations {
  const note = <T>(call: string, answer: T): Promise<T> => {
    calls.push(call);
    return Promise.resolve(answer);
  };
  return {
    figures: { read: () => note("figures", outboxState()) },
    doctor: {
      async *examine() {
        calls.push("examine");
        yield* findings;
      },
    },
    deadLetters: {
      list: (options) => note(`list ${JSON.stringify(options)}`, { letters: [aLetter], total: 3 }),
      find: (id) =>
        note(
          `find ${id}`,
          id === aLetter.id
            ? {
                ...aLetter,
                payload: '{"n": 12345678901234567890}',
                headers: "{}",
                createdAt: aLetter.parkedAt,
                waitsBehind: undefined,
              }
            : undefined,
        ),
      ask: (request, selection, { text }) =>
        note(`ask ${request} ${JSON.stringify(selection)} ${text}`, [aLetter]),
      progress: (letters) =>
        note(
          "progress",
          letters.map(({ id }) => ({
            id,
            state: "gone" as const,
            reason: undefined,
            detail: undefined,
            nextRefused: undefined,
            waiting: 0,
          })),
        ),
    },
    checkpoint: {
      standing: () => note("standing", { events: 10, unpublished: 4, deadLetters: 2 }),
      reset: (way, { text }) => note(`reset ${way} ${text}`, way === "adopt" ? 0 : 10),
    },
    control: {
      standing: () =>
        note("control standing", {
          pause: undefined,
          override: undefined,
          configured: "auto",
          actual: "cdc",
          isLed: true,
          isFollowed: true,
        }),
      setPaused: (paused, reason, { text }) => note(`set paused ${paused} ${reason} ${text}`, true),
      setMode: (mode, reason, { text }) => note(`set mode ${mode} ${reason} ${text}`, true),
    },
    replay: {
      find: (selection) =>
        note(`find to replay ${JSON.stringify(selection)}`, {
          published: "9:9:",
          events: 12,
          unpublished: 3,
          unpublishable: 1,
        }),
      read: () => note("read to replay", []),
      openPublisher: () =>
        note("open publisher", {
          refusal: () => undefined,
          publish: async () => ({}),
          discard: async () => {},
        }),
      note: ({ command, text }) => note(`note ${command} ${text}`, undefined),
    },
    drain: {
      begin: () => note("begin drain", "1:1:"),
      standing: (snapshot) =>
        note(`drain standing ${snapshot}`, {
          left: 0,
          isAtLeast: false,
          deadLetters: 2,
          isLed: true,
          isPaused: false,
        }),
    },
    slot: {
      find: () =>
        note("find slot", {
          name: "orders_slot",
          activePid: undefined,
          walStatus: "reserved",
          confirmedFlushLsn: 0x1000n,
          retainedBytes: 17_825_792,
          safeBytes: 1_073_741_824,
          checkpointLsn: 0x1000n,
          walEnd: 0x2000n,
        }),
      create: ({ text }) => note(`create slot ${text}`, 0x2000n),
      drop: ({ text }) => note(`drop slot ${text}`, undefined),
      advance: (to, { text }) => note(`advance slot ${to} ${text}`, to),
    },
    history: {
      recent: (limit) =>
        note(`recent ${limit}`, [
          {
            at: aLetter.parkedAt,
            epoch: "4",
            leader: "host 1",
            fromMode: "cdc",
            toMode: "polling",
            reason: "the WAL cannot be read",
            who: undefined,
            command: undefined,
            arguments: undefined,
          },
        ]),
    },
    relays: async () => relays,
    close: () => note("close", undefined),
  };
}
