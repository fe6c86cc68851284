import { randomUUID } from "node:crypto";
import {
  decideCreation,
  decideTransition,
  evolve,
  type Order,
  type TransitionType,
} from "../domain/order.ts";

/** Every version of an order that goes this way. */
export function orderVersions(types: readonly TransitionType[], id: string = randomUUID()): Order[] {
  const content = {
    orderId: id,
    customerId: "customer",
    pickupPointId: "point",
    currency: "EUR",
    lines: [{ sku: "a", quantity: 1n, unitPriceMinor: 9_007_199_254_740_993n }],
  };
  const versions = [evolve(undefined, decideCreation({ ...content, type: "CreateOrder", at: new Date(0) }))];
  for (const [index, type] of types.entries()) {
    const last = versions.at(-1) as Order;
    const event = decideTransition(last, { type, reason: "", at: new Date(index + 1) });
    versions.push(evolve(last, event));
  }
  return versions;
}
