/**
 * How many versions lie between what the view showed and what it shows now. A gap is applied, not held back: the event
 * carries the whole order, so the view is right without the missing one, which may never come (it is a dead letter, or the
 * topic no longer retains it), while waiting for it would freeze the order for ever. `previous` is 0 for a new order.
 */
export function missedVersions(previous: bigint, next: bigint): bigint {
  return next > previous ? next - previous - 1n : 0n;
}
