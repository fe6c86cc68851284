import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CreateOrder,
  decideCreation,
  decideTransition,
  evolve,
  isFinal,
  type Order,
  type TransitionType,
} from "./order.ts";

const int64Max = 2n ** 63n - 1n;
const lines = [{ sku: "a", quantity: 2n, unitPriceMinor: 9007199254740993n }];
const command = (of: CreateOrder["lines"]): CreateOrder => ({
  type: "CreateOrder",
  orderId: "0198c0de-0000-7000-8000-000000000001",
  customerId: "customer",
  pickupPointId: "point",
  currency: "EUR",
  lines: of,
  at: new Date(0),
});

/** The order after these transitions, a second apart. */
function orderAfter(...types: TransitionType[]): Order {
  let order = evolve(undefined, decideCreation(command(lines)));
  for (const [index, type] of types.entries()) {
    const at = new Date((index + 1) * 1000);
    order = evolve(order, decideTransition(order, { type, reason: "because", at }));
  }
  return order;
}

test("the total is exact up to int64, or the order is refused by the line that goes beyond", () => {
  const line = fc.record({
    sku: fc.string(),
    quantity: fc.bigInt({ min: 1n, max: int64Max }),
    unitPriceMinor: fc.oneof(fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 0n, max: int64Max })),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const exact = lines.reduce((sum, { quantity, unitPriceMinor }) => sum + quantity * unitPriceMinor, 0n);
      if (exact <= int64Max) expect(decideCreation(command(lines)).totalMinor).toBe(exact);
      else expect(() => decideCreation(command(lines))).toThrow(/int64/);
    }),
  );
});

test("a created order is what was asked for, at version 1", () => {
  expect(orderAfter()).toEqual({
    id: "0198c0de-0000-7000-8000-000000000001",
    customerId: "customer",
    pickupPointId: "point",
    currency: "EUR",
    lines,
    totalMinor: 18014398509481986n,
    status: "created",
    version: 1n,
    createdAt: new Date(0),
    reason: "",
  });
});

const allTransitions: TransitionType[] = ["MarkOrderReady", "IssueOrder", "ReturnOrder", "CancelOrder"];
const states: [Order["status"], TransitionType[], TransitionType[]][] = [
  ["created", [], ["MarkOrderReady", "CancelOrder"]],
  ["ready", ["MarkOrderReady"], ["IssueOrder", "ReturnOrder", "CancelOrder"]],
  ["issued", ["MarkOrderReady", "IssueOrder"], []],
  ["returned", ["MarkOrderReady", "ReturnOrder"], []],
  ["cancelled", ["CancelOrder"], []],
];

describe.each(states)("an order that is %s", (status, way, possible) => {
  const order = orderAfter(...way);

  test("has come there by one version a transition, and tells when", () => {
    expect(order.status).toBe(status);
    expect(order.version).toBe(BigInt(way.length + 1));
    expect(order[`${status}At`]).toEqual(new Date(way.length * 1000));
  });

  test("is final when nothing more can be done to it", () => {
    expect(isFinal(order)).toBe(possible.length === 0);
  });

  test.each(allTransitions)("%s is done or refused as the state machine says", (type) => {
    const decide = () => decideTransition(order, { type, reason: "because", at: new Date(9000) });
    if (possible.includes(type)) expect(evolve(order, decide()).version).toBe(order.version + 1n);
    else expect(decide).toThrow(`the order is ${status}; this is possible only while it is`);
  });
});

test("the reason is kept with a return and a cancellation", () => {
  expect(orderAfter("MarkOrderReady", "ReturnOrder").reason).toBe("because");
  expect(orderAfter("CancelOrder").reason).toBe("because");
  expect(orderAfter("MarkOrderReady").reason).toBe("");
});

test("a change is never told to be before the one that it follows, whatever the clock says", () => {
  const order = orderAfter("MarkOrderReady");
  const { at } = decideTransition(order, { type: "IssueOrder", reason: "", at: new Date(500) });
  expect(at).toEqual(order.readyAt);
});
