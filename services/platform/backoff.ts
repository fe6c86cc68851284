/** Waiting times between tries: they double up to a cap, with jitter so that many clients do not return as one. */
export interface Backoff {
  /** The next waiting time in ms. */
  next(): number;
  /** To be called after a success: starts again from the shortest time. */
  reset(): void;
}

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** "Equal jitter": between half of the exponential time and all of it. */
export function createBackoff({ initialMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let ceiling = initialMs;
  return {
    next() {
      const wait = ceiling / 2 + (ceiling / 2) * random();
      ceiling = Math.min(ceiling * 2, maxMs);
      return wait;
    },
    reset() {
      ceiling = initialMs;
    },
  };
}
