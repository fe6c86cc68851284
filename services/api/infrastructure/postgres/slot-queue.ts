import type { Deadline } from "../../application/ports.ts";
import { OrderError } from "../../domain/order-error.ts";
import { deadlineExceeded } from "./database-errors.ts";

/** Why a caller was turned away: the queue was full, or its turn did not come in time. */
export const shedReasons = ["queue_full", "waited_too_long"] as const;
export type ShedReason = (typeof shedReasons)[number];

export interface SlotQueueOptions {
  readonly slots: number;
  /** Most callers that wait at once. */
  readonly maxWaiting: number;
  /** Longest wait for a slot. */
  readonly maxWaitMs: number;
  readonly onShed: (reason: ShedReason) => void;
}

/** A number of slots, and those who wait for one, first come, first served. */
export interface SlotQueue {
  /**
   * Takes a slot: at once when it returns nothing, else when the promise resolves. Each is given back by `leave`.
   * @throws OrderError OVERLOADED; DEADLINE_EXCEEDED as soon as the caller's signal aborts
   */
  enter(deadline: Deadline): Promise<void> | undefined;
  leave(): void;
  waitingCount(): number;
}

/** Part of the longest wait that is left once the queue stands. */
const STANDING_SHARE = 0.25;

interface Waiting {
  admit(): void;
}

/**
 * A queue that has not been empty for as long as the longest wait takes up no burst any more: more is asked for than can be done, and
 * a wait only makes every answer late. From then on the longest wait is a fraction, until the queue was empty once: those who are
 * answered are answered soon, and all others know at once ("controlled delay", https://queue.acm.org/detail.cfm?id=2839461).
 */
export function createSlotQueue({ slots, maxWaiting, maxWaitMs, onShed }: SlotQueueOptions): SlotQueue {
  let taken = 0;
  let notEmptySince = 0;
  /** In the order of their coming. */
  const queue = new Set<Waiting>();

  function longestWait(): number {
    const now = performance.now();
    if (queue.size === 0) notEmptySince = now;
    return now - notEmptySince > maxWaitMs ? maxWaitMs * STANDING_SHARE : maxWaitMs;
  }

  function shed(reason: ShedReason): OrderError {
    onShed(reason);
    // Those who were turned away together do not come back together.
    const retryAfterMs = Math.ceil(maxWaitMs * (0.5 + Math.random()));
    return new OrderError("OVERLOADED", "too many requests wait for the database; try again later", [], {
      retryAfterMs,
    });
  }

  async function wait({ signal }: Deadline): Promise<void> {
    if (signal.aborted) throw deadlineExceeded();
    if (queue.size >= maxWaiting) throw shed("queue_full");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { admit: resolve };
    const giveUp = (error: OrderError) => {
      queue.delete(waiting);
      reject(error);
    };
    const onAbort = () => giveUp(deadlineExceeded());
    const timer = setTimeout(() => giveUp(shed("waited_too_long")), longestWait());
    signal.addEventListener("abort", onAbort);
    queue.add(waiting);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  return {
    enter(deadline) {
      if (taken >= slots) return wait(deadline);
      taken += 1;
      return undefined;
    },
    leave() {
      const [first] = queue;
      if (!first) {
        taken -= 1;
        return;
      }
      queue.delete(first); // the slot is passed on
      first.admit();
    },
    waitingCount: () => queue.size,
  };
}
