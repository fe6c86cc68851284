import type { Backlog } from "./backlog.ts";
import type { PublisherRun } from "./publisher-run.ts";
import { percentile } from "./statistics.ts";
import { writeSteadily } from "./steady-load.ts";

/** ms from an event's commit, by `track_commit_timestamp`, to the broker's append. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Under one-row transactions at a steady rate; ends the run. @throws Error when a guarantee is broken. */
export async function measureLatency(run: PublisherRun, backlog: Backlog, rate: number): Promise<Latency> {
  try {
    await run.ready();
    const load = await writeSteadily(backlog, rate);
    await run.published(load.events);
    const latencies: number[] = [];
    await run.finish((record) => {
      const latency = load.latencyOf(record);
      if (latency !== undefined) latencies.push(latency);
    });
    return { p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
  } finally {
    await run.kill();
  }
}
