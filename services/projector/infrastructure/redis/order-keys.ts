// The names by which others find what the projector writes: a contract (README.md, "For the API"). The braces make the order id alone
// decide the slot in a Redis cluster, so one script reaches all of them.

/** The hash with the order's view. */
export function orderKey(keyPrefix: string, orderId: string): string {
  return `${keyPrefix}order:{${orderId}}`;
}

/** The hash in which the API caches the order: never made here, only brought up to date. */
export function orderCacheKey(keyPrefix: string, orderId: string): string {
  return `${keyPrefix}order-cache:{${orderId}}`;
}

/** The sharded channel that tells of each new version of the view. */
export function orderChangedChannel(keyPrefix: string, orderId: string): string {
  return `${keyPrefix}order-changed:{${orderId}}`;
}
