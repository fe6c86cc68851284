import type { Order } from "./order.ts";

/** The version before; undefined for the first. An order's own times tell what it was at each of its versions. */
function before(order: Order): Order | undefined {
  const version = order.version - 1n;
  if (order.status === "created") return undefined;
  if (order.status === "ready") return { ...order, version, status: "created", readyAt: undefined };
  const ended = { issuedAt: undefined, returnedAt: undefined, cancelledAt: undefined, reason: "" };
  return { ...order, ...ended, version, status: order.readyAt === undefined ? "created" : "ready" };
}

/** The order at each version after `after`, up to its own, the oldest first. */
export function versionsAfter(order: Order, after: bigint): readonly Order[] {
  const versions: Order[] = [];
  for (let at: Order | undefined = order; at !== undefined && at.version > after; at = before(at)) {
    versions.unshift(at);
  }
  return versions;
}

/** The order as it was at `version`; undefined when it had none such. */
export function orderAtVersion(order: Order, version: bigint): Order | undefined {
  return versionsAfter(order, version - 1n).find((each) => each.version === version);
}
