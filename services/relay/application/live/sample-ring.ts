/** What the page draws: one sample a second. */
export interface Sample {
  /** Ms since 1970. */
  readonly at: number;
  /** Acked in this second by this process; undefined on a standby, as are the latencies. */
  readonly events: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly oldestUnpublishedMs: number | undefined;
  readonly heartbeatLagMs: number | undefined;
  readonly retainedWalBytes: number | undefined;
}

/** The order of a row's numbers. */
export const sampleColumns = [
  "at",
  "events",
  "p50Ms",
  "p99Ms",
  "oldestUnpublishedMs",
  "heartbeatLagMs",
  "retainedWalBytes",
] as const satisfies readonly (keyof Sample)[];

/** A sample as it is sent: what is undefined in it becomes NaN, and null in JSON. */
export type SampleRow = readonly number[];

/** The newest samples, in memory that is taken once. Samples are numbered from 1. */
export interface SampleRing {
  add(sample: Sample): void;
  /** 0 before the first. */
  readonly newest: number;
  /** Those with a higher number that are still kept, the oldest first. */
  after(number: number): SampleRow[];
}

export function createSampleRing(capacity: number): SampleRing {
  const width = sampleColumns.length;
  const kept = new Float64Array(capacity * width);
  let newest = 0;
  const placeOf = (number: number) => ((number - 1) % capacity) * width;
  return {
    add(sample) {
      newest++;
      const place = placeOf(newest);
      sampleColumns.forEach((column, index) => {
        kept[place + index] = sample[column] ?? Number.NaN;
      });
    },
    get newest() {
      return newest;
    },
    after(number) {
      const first = Math.max(number, newest - capacity) + 1;
      return Array.from({ length: Math.max(0, newest - first + 1) }, (_, index) => {
        const place = placeOf(first + index);
        return Array.from(kept.subarray(place, place + width));
      });
    },
  };
}
