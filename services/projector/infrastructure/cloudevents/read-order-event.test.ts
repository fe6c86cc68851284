import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RawRecord } from "../../../../test/support/kafka.ts";
import { type UnreadableReason, UnreadableRecord } from "../../application/unreadable-record.ts";
import { headerBytes } from "../../testing/header-bytes.ts";
import { consumed, orderCreated } from "../../testing/records.ts";
import { readOrderEvent } from "./read-order-event.ts";

const eventId = "0198c0de-0000-7000-8000-000000000001";
const orderId = "0198c0de-0000-7000-8000-00000000000a";
const good = orderCreated({ orderId, eventId, time: "2026-11-24T08:00:00.123456Z" });

test("an OrderCreated becomes the whole order, created, at its version", () => {
  const event = readOrderEvent(consumed(good));
  expect(event).toMatchObject({
    id: eventId,
    occurredAt: Date.parse("2026-11-24T08:00:00.123Z"),
    publishedAt: 1_795_507_200_000,
    view: { orderId, version: 1n, status: "created" },
  });
  expect(JSON.parse(event.view.json)).toEqual({
    id: orderId,
    customerId: "customer-1",
    pickupPointId: "point-1",
    currency: "EUR",
    lines: [{ sku: "sku-1", quantity: "1", unitPriceMinor: "1000" }],
    totalMinor: "1000",
    status: "ORDER_STATUS_CREATED",
    version: "1",
    createdAt: "2026-11-24T08:00:00.123456Z",
  });
});

test.each([
  ["OrderReady", "READY", "ready"],
  ["OrderIssued", "ISSUED", "issued"],
  ["OrderReturned", "RETURNED", "returned"],
  ["OrderCancelled", "CANCELLED", "cancelled"],
])("an %s shows the order as it was after it", (type, inContract, status) => {
  const value = good.value.replace("ORDER_STATUS_CREATED", `ORDER_STATUS_${inContract}`);
  const headers = { ...good.headers, ce_type: type };
  expect(readOrderEvent(consumed({ ...good, value, headers })).view).toMatchObject({ orderId, status });
});

test.each(['"9007199254740993"', "9007199254740993", "-9007199254740993", "9223372036854775807"])(
  "the integer %s keeps every digit",
  (written) => {
    const value = good.value.replace('"totalMinor": "1000"', `"totalMinor": ${written}`);
    const { json } = readOrderEvent(consumed({ ...good, value })).view;
    expect(JSON.parse(json).totalMinor).toBe(written.replaceAll('"', ""));
  },
);

test("a number that a double cannot hold is refused where its digits would be lost", () => {
  const value = good.value.replace('"totalMinor": "1000"', '"totalMinor": 9007199254740993.0');
  expect(reasonOf({ ...good, value })).toBe("invalid_message");
});

test("text outside ASCII is the same text in the view", () => {
  const customerId = "заказчик «Ω» 日本 🎁 \u0000é";
  const { json } = readOrderEvent(consumed(orderCreated({ orderId, eventId, customerId }))).view;
  expect(JSON.parse(json).customerId).toBe(customerId);
});

test("attributes outside ASCII are read as UTF-8", () => {
  const strange = orderCreated({ orderId: "заказ-1", eventId });
  const headers = { ...strange.headers, ce_source: "/заказы" };
  expect(readOrderEvent(consumed({ ...strange, headers })).view.orderId).toBe("заказ-1");
});

test("a field that this version does not know is passed over", () => {
  const value = good.value.replace("{", '{"giftWrap": true, ');
  expect(readOrderEvent(consumed({ ...good, value })).view.orderId).toBe(orderId);
});

test("a record without ce_time, ce_subject and content-type is understood: CloudEvents demands none of them", () => {
  const { ce_time: _, ce_subject: __, "content-type": ___, ...headers } = good.headers;
  expect(readOrderEvent(consumed({ ...good, headers })).occurredAt).toBeUndefined();
});

test("a record without a timestamp does not say when it was published", () => {
  expect(readOrderEvent({ ...consumed(good), timestamp: "-1" }).publishedAt).toBeUndefined();
});

describe("what cannot be understood says why:", () => {
  const header = (name: string, value: string): RawRecord => ({
    ...good,
    headers: { ...good.headers, [name]: value },
  });
  const without = (name: string): RawRecord => {
    const { [name]: _, ...headers } = good.headers;
    return { ...good, headers };
  };
  const value = (text: string | Buffer | null): RawRecord => ({ ...good, value: text });

  const cases: [string, RawRecord, UnreadableReason][] = [
    ["no value", value(null), "null_value"],
    ["no headers at all", { key: good.key, value: good.value }, "invalid_attribute"],
    ...["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_aggregateversion"].map(
      (name): [string, RawRecord, UnreadableReason] => [`no ${name}`, without(name), "invalid_attribute"],
    ),
    ["another specversion", header("ce_specversion", "0.3"), "invalid_attribute"],
    ["an id that is no UUID", header("ce_id", "17"), "invalid_attribute"],
    ["a time that is none", header("ce_time", "yesterday"), "invalid_attribute"],
    ["a time that only Date understands", header("ce_time", "24 Nov 2026 08:00"), "invalid_attribute"],
    ["a day that does not exist", header("ce_time", "2026-13-01T00:00:00Z"), "invalid_attribute"],
    ["version 0", header("ce_aggregateversion", "0"), "invalid_attribute"],
    ["a version with leading zeros", header("ce_aggregateversion", "01"), "invalid_attribute"],
    ["a version past int64", header("ce_aggregateversion", "9223372036854775808"), "invalid_attribute"],
    ["structured mode", header("content-type", "application/cloudevents+json"), "invalid_attribute"],
    ["an unknown type", header("ce_type", "OrderEaten"), "unknown_type"],
    ["a type that is a property of every object", header("ce_type", "constructor"), "unknown_type"],
    ["an empty value", value(""), "invalid_json"],
    ["half of the JSON", value(good.value.slice(0, 50)), "invalid_json"],
    ["bytes that are not UTF-8", value(Buffer.from([0x22, 0xff, 0x22])), "invalid_json"],
    ["nesting without end", value("[".repeat(200_000)), "invalid_json"],
    ["a list", value("[]"), "invalid_message"],
    ["JSON's null", value("null"), "invalid_message"],
    ["a text", value('"OrderCreated"'), "invalid_message"],
    ["no order", value("{}"), "invalid_message"],
    ["an order without an id", value(good.value.replace(`"id": "${orderId}", `, "")), "invalid_message"],
    [
      "an order without a status",
      value(good.value.replace('"status": "ORDER_STATUS_CREATED", ', "")),
      "invalid_message",
    ],
    [
      "a status that this version does not know",
      value(good.value.replace("STATUS_CREATED", "STATUS_EATEN")),
      "invalid_message",
    ],
    ["a field of another type", value(good.value.replace('"1000"', "true")), "invalid_message"],
    ["a number past int64", value(good.value.replace('"1000"', '"9223372036854775808"')), "invalid_message"],
    ["another key", { ...good, key: randomUUID() }, "key_mismatch"],
    ["no key", { ...good, key: null }, "key_mismatch"],
    ["another subject", header("ce_subject", randomUUID()), "key_mismatch"],
    ["another version", header("ce_aggregateversion", "2"), "version_mismatch"],
  ];
  test.each(cases)("%s", (_, record, reason) => {
    expect(reasonOf(record)).toBe(reason);
  });

  test("an attribute that occurs twice", () => {
    const twice = { ...consumed(good), headers: headerBytes({ ...good.headers, ce_id: ["a", "b"] }) };
    expect(() => readOrderEvent(twice)).toThrow("ce_id occurs more than once");
  });

  test("the fault names the attribute", () => {
    expect(() => readOrderEvent(consumed(without("ce_id")))).toThrow("header ce_id is missing");
  });
});

function reasonOf(record: RawRecord): string {
  try {
    readOrderEvent(consumed(record));
    return "understood";
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableRecord);
    return (error as UnreadableRecord).reason;
  }
}
