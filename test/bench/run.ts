import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openKafka, openPostgres } from "../support/own-servers.ts";
import { type ApiFigures, benchApi } from "./api.ts";
import type { BenchContext } from "./context.ts";
import { installDebezium } from "./debezium-libraries.ts";
import { benchIdlePoll, type IdlePollFigures } from "./idle-poll.ts";
import { benchProjector, type ProjectorFigures } from "./projector.ts";
import { benchRelay, type RelayFigures, type Variant } from "./relay.ts";
import { formatTable } from "./report.ts";

const HELP = `npm run bench [-- [relay] [polling] [api] [projector] [options]]

Measures each part beside its limit, in turn, on servers of its own; all parts when none is named.

  --events N   of the backlogs; default 200000
  --rate R     of the steady load, events per second; default 1000
  --rounds N   the median of which counts; default 3
  --compare    Debezium as well, on the relay's load and in its table; fetches it with Maven (41 MB) the first time
  --json       one object on stdout in place of the table

Exit code 1 when a guarantee is broken: an event lost, repeated, out of order or changed.`;

const parts = ["relay", "polling", "api", "projector"] as const;
type Part = (typeof parts)[number];

export interface Figures {
  readonly relay?: Partial<Record<Variant, RelayFigures>>;
  readonly polling?: RelayFigures & IdlePollFigures;
  readonly debezium?: RelayFigures;
  readonly api?: ApiFigures;
  readonly projector?: ProjectorFigures;
}

/** Settings of Postgres that keep its own housekeeping out of the rounds. */
const POSTGRES = {
  track_commit_timestamp: "on",
  autovacuum: "off",
  checkpoint_timeout: "1h",
  max_wal_size: "8GB",
  // The backlog's WAL is read again in each round.
  max_slot_wal_keep_size: "-1",
};
/** So that what is measured of a record's time is the broker's own. */
const KAFKA = { "log.message.timestamp.type": "LogAppendTime" };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "200000" },
    rate: { type: "string", default: "1000" },
    rounds: { type: "string", default: "3" },
    compare: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const log = (line: string) => process.stderr.write(`${line}\n`);

function wrongArgument(): string | undefined {
  const unknown = positionals.find((name) => !(parts as readonly string[]).includes(name));
  if (unknown !== undefined) return `there is no part ${unknown}; there are ${parts.join(", ")}`;
  for (const name of ["events", "rate", "rounds"] as const)
    if (!/^[1-9]\d{0,8}$/.test(values[name])) return `--${name} takes a whole number above 0`;
  return undefined;
}

const fault = wrongArgument();
if (values.help) {
  console.log(HELP);
} else if (fault !== undefined) {
  log(fault);
  process.exitCode = 2;
} else {
  try {
    const figures = await measure(new Set((positionals.length > 0 ? positionals : parts) as Part[]));
    console.log(values.json ? JSON.stringify(figures, undefined, 2) : formatTable(figures));
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
  // Whatever a part that failed has left open must not keep us.
  await sleep(100);
  process.exit();
}

async function measure(wanted: ReadonlySet<Part>): Promise<Figures> {
  const callOff = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => callOff.abort(new Error(`called off by ${signal}`)));
  if (values.compare) await installDebezium(log, callOff.signal);
  await using servers = new AsyncDisposableStack();
  const postgres = await openPostgres(POSTGRES);
  servers.defer(() => postgres.dispose());
  const kafka = await openKafka(KAFKA);
  servers.defer(() => kafka.dispose());
  const context: BenchContext = {
    postgres,
    kafka,
    events: Number(values.events),
    rate: Number(values.rate),
    rounds: Number(values.rounds),
    log,
    signal: callOff.signal,
  };
  const calledOff = new Promise<never>((_, reject) => {
    callOff.signal.addEventListener("abort", () => reject(callOff.signal.reason), { once: true });
  });
  return await Promise.race([measureParts(wanted, context), calledOff]);
}

async function measureParts(wanted: ReadonlySet<Part>, context: BenchContext): Promise<Figures> {
  const variants: Variant[] = [];
  if (wanted.has("relay")) variants.push("kafkajs", "platformatic");
  if (wanted.has("polling")) variants.push("polling");
  if (values.compare) variants.push("debezium");
  const { polling, debezium, ...relay } = await benchRelay(context, variants);
  return {
    ...(wanted.has("relay") ? { relay } : {}),
    ...(polling ? { polling: { ...polling, ...(await benchIdlePoll(context)) } } : {}),
    ...(debezium ? { debezium } : {}),
    ...(wanted.has("api") ? { api: await benchApi(context) } : {}),
    ...(wanted.has("projector") ? { projector: await benchProjector(context) } : {}),
  };
}
