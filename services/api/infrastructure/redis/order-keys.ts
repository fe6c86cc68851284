/**
 * The names in Redis that the API and the projector agree on (services/projector/README.md). The braces make the order's id alone decide
 * the slot in a Redis cluster.
 */
export function orderKeys(prefix: string) {
  return {
    /** The read model's hash: version, status, event_id, order, times. */
    view: (id: string) => `${prefix}order:{${id}}`,
    /** The sharded channel on which the projector tells of each change. */
    changed: (id: string) => `${prefix}order-changed:{${id}}`,
    /** The API's hash: version, order. The projector refreshes it, and never makes one. */
    cached: (id: string) => `${prefix}order-cache:{${id}}`,
  };
}

export type OrderKeys = ReturnType<typeof orderKeys>;
