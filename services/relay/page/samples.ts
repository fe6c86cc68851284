import type { LiveMessage } from "../transport/page/live-message.ts";

/** What the charts draw: a column for each figure, the time (seconds since 1970) first. */
export interface Samples {
  take(message: Pick<LiveMessage, "fresh" | "samples">): void;
  column(index: number): readonly (number | null)[];
}

/** As the relay keeps: ten minutes. */
const KEPT = 600;

export function createSamples(): Samples {
  let rows: LiveMessage["samples"] = [];
  return {
    take({ fresh, samples }) {
      rows = [...(fresh ? [] : rows), ...samples].slice(-KEPT);
    },
    column: (index) => rows.map((row) => row[index] ?? null),
  };
}
