export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Latencies of the last seconds, in buckets: the memory that they take up does not depend on how many there are. */
export interface LatencyWindow {
  /** `count` events of this latency. */
  add(ms: number, count: number): void;
  /** Ends a second; its percentiles, or undefined when it had no event. */
  endSecond(): Percentiles | undefined;
  /** Of all seconds in the window. */
  percentiles(): Percentiles | undefined;
}

const FIRST_BOUND_MS = 0.5;
/** A percentile is told as its bucket's upper bound: too high by this factor at the most. */
const GROWTH = 1.1;
/** The last one, past an hour, takes all that is more. */
const BUCKETS = 167;

const bucketOf = (ms: number): number =>
  ms <= FIRST_BOUND_MS
    ? 0
    : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / FIRST_BOUND_MS) / Math.log(GROWTH) - 1e-9));
const boundOf = (bucket: number): number => FIRST_BOUND_MS * GROWTH ** bucket;

export function createLatencyWindow(seconds: number): LatencyWindow {
  const counts = Array.from({ length: seconds }, () => new Float64Array(BUCKETS));
  const total = new Float64Array(BUCKETS);
  let second = 0;
  const current = () => counts[second] as Float64Array;
  return {
    add(ms, count) {
      const bucket = bucketOf(ms);
      current()[bucket] = (current()[bucket] ?? 0) + count;
      total[bucket] = (total[bucket] ?? 0) + count;
    },
    endSecond() {
      const ended = percentilesOf(current());
      second = (second + 1) % seconds;
      current().forEach((count, bucket) => {
        total[bucket] = (total[bucket] ?? 0) - count;
      });
      current().fill(0);
      return ended;
    },
    percentiles: () => percentilesOf(total),
  };
}

function percentilesOf(counts: Float64Array): Percentiles | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  const quantile = (q: number) => {
    let below = 0;
    const bucket = counts.findIndex((count) => {
      below += count;
      return below >= q * all;
    });
    return boundOf(bucket);
  };
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
