import fc from "fast-check";
import { expect, test } from "vitest";
import { type Order, orderStatuses } from "../../domain/order.ts";
import { readTimes } from "./order-feed.ts";
import { readOrder, writeOrder } from "./stored-order.ts";

const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const date = fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
const plain = { noNullPrototype: true } as const;
const text = fc.string({ unit: "grapheme" });
const orders: fc.Arbitrary<Order> = fc.record(
  {
    id: fc.uuid(),
    customerId: text,
    pickupPointId: text,
    currency: text,
    lines: fc.array(fc.record({ sku: text, quantity: int64, unitPriceMinor: int64 }, plain)),
    totalMinor: int64,
    status: fc.constantFrom(...orderStatuses),
    version: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    createdAt: date,
    readyAt: fc.option(date, { nil: undefined }),
    issuedAt: fc.option(date, { nil: undefined }),
    returnedAt: fc.option(date, { nil: undefined }),
    cancelledAt: fc.option(date, { nil: undefined }),
    reason: text,
  },
  plain,
);

test("an order is read back exactly as it was stored", () => {
  fc.assert(
    fc.property(orders, (order) => {
      expect(readOrder(writeOrder(order))).toStrictEqual(order);
    }),
  );
});

const stored = '{"id":"1","status":"ORDER_STATUS_READY","version":"2","createdAt":"2026-01-01T00:00:00.001Z"';

test("a field that a newer version has added is passed over", () => {
  expect(readOrder(`${stored},"colour":"blue"}`)).toMatchObject({ status: "ready", version: 2n });
});

test.each([
  ["no JSON", "{"],
  ["another contract's", '{"colour":"blue"}'],
  ["one with a status that is not known", `${stored.replace("READY", "LOST")}}`],
])("what is %s is an error, never a wrong order", (_, json) => {
  expect(() => readOrder(json)).toThrow();
});

test("an event's times are read, and what is not known of them is left out", () => {
  expect(readTimes("1000,2000,3000")).toEqual({
    writtenAt: new Date(1000),
    publishedAt: new Date(2000),
    projectedAt: new Date(3000),
  });
  expect(readTimes(",2000,")).toEqual({
    writtenAt: undefined,
    publishedAt: new Date(2000),
    projectedAt: undefined,
  });
  for (const none of ["", ",,", "garbage", "1e3,NaN,-5"]) expect(readTimes(none)).toBeUndefined();
});
