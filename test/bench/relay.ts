import { type Backlog, openBacklog } from "./backlog.ts";
import type { BenchContext } from "./context.ts";
import { startDebeziumRun } from "./debezium-run.ts";
import { type Drain, measureDrain } from "./drain.ts";
import { measureLatency } from "./latency.ts";
import type { PublisherRun } from "./publisher-run.ts";
import { readLimit } from "./read-limit.ts";
import { startRelayRun } from "./relay-run.ts";
import { median } from "./statistics.ts";

export interface RelayFigures {
  readonly drain_events_per_s: number;
  /** Of pg_recvlogical. */
  readonly limit_events_per_s: number;
  /** The median of the rounds, in each of which the limit was measured beside it. */
  readonly ratio: number;
  readonly cpu_us_per_event: number;
  readonly rss_peak_mb: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export type Variant = "kafkajs" | "platformatic" | "polling" | "debezium";

type Start = (backlog: Backlog, brokers: string) => Promise<PublisherRun>;

const variants: Record<Variant, Start> = {
  kafkajs: relay({ RELAY_MODE: "cdc" }),
  platformatic: relay({ RELAY_MODE: "cdc", KAFKA_CLIENT: "platformatic" }),
  polling: relay({ RELAY_MODE: "polling" }),
  debezium: startDebeziumRun,
};

function relay(settings: Readonly<Record<string, string>>): Start {
  return (backlog, brokers) => startRelayRun(backlog, brokers, settings);
}

/** Drains the same backlog again and again: the limit, then each variant, and so on; then the latency of each. */
export async function benchRelay(
  context: BenchContext,
  wanted: readonly Variant[],
): Promise<Partial<Record<Variant, RelayFigures>>> {
  const { events, rate, log, signal } = context;
  if (wanted.length === 0) return {};
  const { brokers } = context.kafka;
  const drains = new Map<Variant, { readonly drain: Drain; readonly limit: number }[]>();
  log(`writing ${events} one-row transactions`);
  const backlog = await openBacklog(context.postgres.url, { rows: events });
  try {
    log("warming up");
    for (const variant of wanted) await warmUp(context, variants[variant]);
    for (let round = 1; round <= context.rounds; round++) {
      for (const variant of wanted) {
        signal.throwIfAborted();
        const limit = await readLimit(backlog, events);
        log(`round ${round}: pg_recvlogical reads ${Math.round(limit)} events/s`);
        const drained = await measureDrain(await variants[variant](backlog, brokers), events);
        drains.set(variant, [...(drains.get(variant) ?? []), { drain: drained, limit }]);
        const { eventsPerSecond, cpuMicros, peakMemoryMb } = drained;
        log(
          `round ${round}: ${variant} drains ${Math.round(eventsPerSecond)} events/s, ${cpuMicros.toFixed(1)} µs CPU each, ${Math.round(peakMemoryMb)} MB`,
        );
      }
    }
  } finally {
    await backlog.dispose();
  }
  const figures: Partial<Record<Variant, RelayFigures>> = {};
  for (const variant of wanted) {
    signal.throwIfAborted();
    const fresh = await openBacklog(context.postgres.url, { rows: 0 });
    try {
      const { p50, p99 } = await measureLatency(await variants[variant](fresh, brokers), fresh, rate);
      log(`${variant}: ${p50.toFixed(1)} ms p50, ${p99.toFixed(1)} ms p99 at ${rate} events/s`);
      const rounds = drains.get(variant) ?? [];
      const of = (figure: (round: (typeof rounds)[number]) => number) => median(rounds.map(figure));
      figures[variant] = {
        drain_events_per_s: of(({ drain }) => drain.eventsPerSecond),
        limit_events_per_s: of(({ limit }) => limit),
        ratio: of(({ drain, limit }) => drain.eventsPerSecond / limit),
        cpu_us_per_event: of(({ drain }) => drain.cpuMicros),
        rss_peak_mb: Math.max(...rounds.map(({ drain }) => drain.peakMemoryMb)),
        p50_ms: p50,
        p99_ms: p99,
      };
    } finally {
      await fresh.dispose();
    }
  }
  return figures;
}

/** Code that was never run on this machine is compiled from its source, and the broker runs its own for the first time. */
async function warmUp({ postgres, kafka }: BenchContext, start: Start): Promise<void> {
  const rows = 5_000;
  const backlog = await openBacklog(postgres.url, { rows });
  try {
    await measureDrain(await start(backlog, kafka.brokers), rows);
  } finally {
    await backlog.dispose();
  }
}
