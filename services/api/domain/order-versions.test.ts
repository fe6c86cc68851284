import fc from "fast-check";
import { expect, test } from "vitest";
import { decideCreation, decideTransition, evolve, type Order, type TransitionType } from "./order.ts";
import { orderAtVersion, versionsAfter } from "./order-versions.ts";

/** Every version of an order that went this way. */
function history(types: readonly TransitionType[]): Order[] {
  const order = evolve(
    undefined,
    decideCreation({
      type: "CreateOrder",
      orderId: "0198c0de-0000-7000-8000-000000000001",
      customerId: "customer",
      pickupPointId: "point",
      currency: "EUR",
      lines: [{ sku: "a", quantity: 1n, unitPriceMinor: 1n }],
      at: new Date(0),
    }),
  );
  const versions = [order];
  for (const type of types) {
    const last = versions.at(-1) as Order;
    // The same millisecond every time: what an order was is not told by the times' order.
    versions.push(evolve(last, decideTransition(last, { type, reason: "why", at: new Date(0) })));
  }
  return versions;
}

const ways: TransitionType[][] = [
  [],
  ["MarkOrderReady"],
  ["CancelOrder"],
  ["MarkOrderReady", "IssueOrder"],
  ["MarkOrderReady", "ReturnOrder"],
  ["MarkOrderReady", "CancelOrder"],
];

test("the last version of an order tells exactly what it was at each version before", () => {
  fc.assert(
    fc.property(fc.constantFrom(...ways), fc.bigInt({ min: 0n, max: 5n }), (way, after) => {
      const versions = history(way);
      const last = versions.at(-1) as Order;
      expect(versionsAfter(last, after)).toEqual(versions.slice(Number(after)));
      expect(orderAtVersion(last, after + 1n)).toEqual(versions[Number(after)]);
    }),
  );
});

test("there is nothing before the first version and nothing after the last", () => {
  const order = history(["CancelOrder"]).at(-1) as Order;
  expect(orderAtVersion(order, 0n)).toBeUndefined();
  expect(orderAtVersion(order, 3n)).toBeUndefined();
  expect(versionsAfter(order, 2n)).toEqual([]);
});
