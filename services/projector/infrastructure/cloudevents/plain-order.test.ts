import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderSchema } from "../../../gen/orders/v1/order_pb.ts";
import { jsonbText } from "../../testing/jsonb-text.ts";
import { orderInEvent } from "./order-in-event.ts";
import { plainOrder } from "./plain-order.ts";

const text = fc.oneof(
  {
    weight: 19,
    arbitrary: fc.string({
      unit: fc.constantFrom("a", "7", "-", " ", ",", "}", "]", ":", "é", "Ж", "🎁"),
      maxLength: 20,
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);
const int64 = fc.oneof(
  { weight: 19, arbitrary: fc.bigInt({ min: -1_000n, max: 10n ** 18n - 1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
);
const timestamp = fc.record({
  seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
  nanos: fc.oneof(
    fc.constant(0),
    fc.nat(999).map((ms) => ms * 1_000_000),
    fc.nat(999_999_999),
  ),
});
/** An order as a producer of this contract may write it. */
const written = fc
  .record({
    id: text,
    customerId: text,
    pickupPointId: text,
    currency: text,
    lines: fc.array(fc.record({ sku: text, quantity: int64, unitPriceMinor: int64 }), { maxLength: 3 }),
    totalMinor: int64,
    status: fc.integer({ min: 1, max: 5 }),
    version: int64,
    createdAt: fc.option(timestamp, { nil: undefined }),
    cancelledAt: fc.option(timestamp, { nil: undefined }),
    reason: text,
  })
  .map((order) => toJson(OrderSchema, create(OrderSchema, order as never)) as Record<string, JsonValue>);

/** What may be under any name: right, nearly right and wrong. */
const anything = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    true,
    17,
    1.5,
    "",
    "17",
    "-0",
    "01",
    "+1",
    "1e2",
    " 1",
    "17.0",
    [],
    {},
    [null],
    [{}],
  ),
  fc.constantFrom("9223372036854775807", "9223372036854775808", "-9223372036854775809"),
  fc.constantFrom("ORDER_STATUS_READY", "ORDER_STATUS_EATEN", "ORDER_STATUS_UNSPECIFIED", "constructor"),
  fc.constantFrom(
    "2026-02-30T00:00:00Z",
    "2026-02-28T24:00:00Z",
    "2026-02-28T23:59:60Z",
    "0000-01-01T00:00:00Z",
  ),
  fc.constantFrom(
    "2026-11-24T08:00:00.12Z",
    "2026-11-24t08:00:00z",
    "2026-11-24T08:00:00+01:00",
    "2026-11-24",
  ),
  fc.constantFrom<JsonValue>(
    [{ sku: 1 }],
    [{ quantity: "x" }],
    [{ other: "x" }],
    [{ sku: "a", quantity: "1" }],
  ),
);
const names = [
  ...OrderSchema.fields.map(({ jsonName }) => jsonName),
  ...OrderSchema.fields.map(({ name }) => name),
  ...["__proto__", "constructor", "giftWrap", "quantity"],
];
const changed = fc
  .tuple(written, fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: 2 }))
  .map(([order, changes]) => ({ ...order, ...changes }));

test("an order that is passed on as it is written is the order that protobuf reads, and none that it refuses", () => {
  let passedOn = 0;
  fc.assert(
    fc.property(fc.oneof(written, changed), (order) => {
      const event = jsonbText({ order });
      const plain = plainOrder(event);
      if (plain === undefined) return;
      passedOn += 1;
      const { json, ...view } = orderInEvent("OrderCreated", JSON.parse(event));
      expect(plain).toMatchObject(view);
      expect(fromJson(OrderSchema, JSON.parse(plain.json))).toEqual(fromJson(OrderSchema, JSON.parse(json)));
    }),
    { numRuns: 2_000 },
  );
  expect(passedOn).toBeGreaterThan(200);
});

const plain =
  '{"id": "a", "lines": [{"sku": "ü", "quantity": "1"}], "status": "ORDER_STATUS_READY", "version": "2"}';

test("its text is the event's own, letter for letter", () => {
  expect(plainOrder(`{"order": ${plain}}`)?.json).toBe(plain);
});

test.each([
  ["a field beside the order", `{"order": ${plain}, "other": 1}`],
  ["an order twice", `{"order": ${plain}, "order": ${plain}}`],
  ["a field before it", `{"other": 1, "order": ${plain}}`],
  ["something behind it", `{"order": ${plain}} 1`],
  ["an order that is a list", '{"order": [1]}'],
  ["an integer that is a number", `{"order": ${plain.replace('"2"', "2")}}`],
  ["a field that this version does not know", `{"order": ${plain.replace("{", '{"giftWrap": true, ')}}`],
  ["other spaces", `{"order":${plain}}`],
  [
    "another order of the fields",
    `{"order": ${plain.replace('"status": "ORDER_STATUS_READY", "version": "2"', '"version": "2", "status": "ORDER_STATUS_READY"')}}`,
  ],
  ["a field twice", `{"order": ${plain.replace('"id": "a", ', '"id": "a", "id": "a", ')}}`],
  ["a text with something escaped", `{"order": ${plain.replace("ü", '\\"')}}`],
  ["no status", `{"order": ${plain.replace('"status": "ORDER_STATUS_READY", ', "")}}`],
  ["no version", `{"order": ${plain.replace(', "version": "2"', "")}}`],
  ["no id", `{"order": ${plain.replace('"id": "a", ', "")}}`],
])("what is not of the plain form is left to protobuf: %s", (_, event) => {
  expect(plainOrder(event)).toBeUndefined();
});

test("a very long event is left to those who parse it, who take it", () => {
  const order = (length: number) =>
    `{"order": {"id": "o", "reason": "${"x".repeat(length)}", "status": "ORDER_STATUS_CREATED", "version": "1"}}`;
  expect(plainOrder(order(500_000))).toBeDefined();
  expect(plainOrder(order(200_000_000))).toBeUndefined();
  expect(orderInEvent("OrderCreated", JSON.parse(order(2_000_000)))).toBeDefined();
});
