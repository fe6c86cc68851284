import type { PublisherRun } from "./publisher-run.ts";

export interface Drain {
  /** From the first record to the last, by the broker's clock. */
  readonly eventsPerSecond: number;
  /** CPU time of its process in that time, for each event; µs. */
  readonly cpuMicros: number;
  readonly peakMemoryMb: number;
}

/** Lets it publish the whole backlog of so many events, and ends it. @throws Error when a guarantee is broken. */
export async function measureDrain(run: PublisherRun, events: number): Promise<Drain> {
  try {
    await run.published(events);
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    await run.finish(({ timestamp }) => {
      first = Math.min(first, timestamp);
      last = Math.max(last, timestamp);
    });
    return {
      eventsPerSecond: (events / (last - first)) * 1000,
      cpuMicros: (run.usage.cpuBetween(first, last) * 1000) / events,
      peakMemoryMb: run.usage.peakMemoryMb,
    };
  } finally {
    await run.kill();
  }
}
