/**
 * Whether this process may write to Kafka now. It may while its lease was seen alive a short time ago; a process that was
 * frozen, or cut off from the database, finds the fence closed when it wakes up, before another byte of it reaches the broker.
 */
export interface Fence {
  /** Open until `until`, on the clock given; never shortens what was granted. */
  extend(until: number): void;
  /** At once, until the next `extend`. */
  close(): void;
  readonly isOpen: boolean;
}

export function createFence(now: () => number): Fence {
  let until = Number.NEGATIVE_INFINITY;
  return {
    extend(next) {
      until = Math.max(until, next);
    },
    close() {
      until = Number.NEGATIVE_INFINITY;
    },
    get isOpen() {
      return now() < until;
    },
  };
}
