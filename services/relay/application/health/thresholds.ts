/** Where a figure stops being fine: those of the alerts in deploy/prometheus. */
export const thresholds = {
  /** The objective for commit → ack. */
  publishMs: 1_000,
  heartbeatMs: 5_000,
  /** The checkpoint, by which SQL tells what is unpublished, is up to two ticks behind while events flow. */
  behindMs: 5_000,
  oldestUnpublishedMs: 30_000,
  /** The broker answers within this, or nothing flows. */
  unackedMs: 5_000,
  /** The part of the slot's budget that has to be left. */
  walBudgetLeft: 0.2,
  /** Where there is no budget. */
  retainedWalBytes: 10 * 2 ** 30,
  slotInactiveMs: 600_000,
  figuresAgeMs: 60_000,
  clockSkewMs: 500,
} as const;
