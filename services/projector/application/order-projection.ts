import type { OrderEvent } from "../domain/order-event.ts";

/**
 * - `applied`: the view moved to this event's version.
 * - `duplicate`: the view shows this very event already.
 * - `stale`: the view shows a newer version.
 * - `conflict`: the view shows another event of the same version; the first one stands. A producer broke its versions.
 */
export const applyOutcomes = ["applied", "duplicate", "stale", "conflict"] as const;

export interface ApplyResult {
  readonly outcome: (typeof applyOutcomes)[number];
  /** The version that the view showed before; 0 when there was none. */
  readonly previousVersion: bigint;
}

/** Where the views of orders live. */
export interface OrderProjection {
  /**
   * Applies the events in this order, each one atomically; the results are in the same order. A rejection tells nothing about how
   * many were applied: apply all of them again, which changes nothing twice.
   */
  apply(events: readonly OrderEvent[]): Promise<readonly ApplyResult[]>;
}
