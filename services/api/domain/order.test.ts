import fc from "fast-check";
import { expect, test } from "vitest";
import { type CreateOrder, decide, evolve } from "./order.ts";

const int64Max = 2n ** 63n - 1n;
const command = (lines: CreateOrder["lines"]): CreateOrder => ({
  type: "CreateOrder",
  orderId: "0198c0de-0000-7000-8000-000000000001",
  customerId: "customer",
  pickupPointId: "point",
  currency: "EUR",
  lines,
  at: new Date(0),
});

test("the total is exact up to int64, or the order is refused by the line that goes beyond", () => {
  const line = fc.record({
    sku: fc.string(),
    quantity: fc.bigInt({ min: 1n, max: int64Max }),
    unitPriceMinor: fc.oneof(fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 0n, max: int64Max })),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const exact = lines.reduce((sum, { quantity, unitPriceMinor }) => sum + quantity * unitPriceMinor, 0n);
      if (exact <= int64Max) expect(decide(command(lines)).totalMinor).toBe(exact);
      else expect(() => decide(command(lines))).toThrow(/int64/);
    }),
  );
});

test("a created order is what was asked for, at version 1", () => {
  const lines = [{ sku: "a", quantity: 2n, unitPriceMinor: 9007199254740993n }];
  expect(evolve(decide(command(lines)))).toEqual({
    id: "0198c0de-0000-7000-8000-000000000001",
    customerId: "customer",
    pickupPointId: "point",
    currency: "EUR",
    lines,
    totalMinor: 18014398509481986n,
    status: "created",
    version: 1n,
    createdAt: new Date(0),
  });
});
