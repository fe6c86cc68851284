import { CloudEvent, Kafka as KafkaBinding, type KafkaMessage } from "cloudevents";
import { expect, test } from "vitest";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { REPLAY_HEADER, recordHeaders, rfc3339, TRANSACTION_ID_HEADER } from "./record.ts";

const event: OutboxEvent = {
  position: "1",
  id: "0198c0de-0000-7000-8000-000000000001",
  transactionId: "745",
  aggregateType: "order",
  key: Buffer.from("заказ-1"),
  aggregateVersion: "9007199254740993",
  eventType: "OrderCreated",
  payload: Buffer.from('{"a": 1}'),
  headers: "{}",
  createdAt: "2026-11-24 08:00:00.123456+00",
  bytes: 0,
};

test("an independent reader of CloudEvents accepts the record in binary mode", () => {
  const headers = Object.fromEntries(
    Object.entries(recordHeaders(event, "/orders")).map(([name, value]) => [name, String(value)]),
  );
  const message = { headers, value: '{"a": 1}', key: "заказ-1" } as unknown as KafkaMessage<string>;
  const read = KafkaBinding.toEvent(message) as CloudEvent<unknown>;
  expect(read).toBeInstanceOf(CloudEvent);
  expect(read.validate()).toBe(true);
  expect(read).toMatchObject({
    specversion: "1.0",
    id: event.id,
    type: "OrderCreated",
    source: "/orders",
    subject: "заказ-1",
    aggregateversion: "9007199254740993",
  });
});

test("the row's own headers are passed on exactly, but cannot stand in for ours", () => {
  const row =
    '{"traceparent": "00-ab-cd-01", "n": 9007199254740993, "o": {"x": 1}, "none": null, "ce_id": "forged"}';
  expect(recordHeaders({ ...event, headers: row }, "/orders")).toMatchObject({
    traceparent: "00-ab-cd-01",
    n: "9007199254740993",
    o: '{"x":"1"}',
    ce_id: event.id,
  });
  expect(recordHeaders({ ...event, headers: row }, "/orders")).not.toHaveProperty("none");
});

test("headers that are strings alone are passed on as well, the name of a property of every object among them", () => {
  const row = '{"traceparent": "00-ab-cd-01", "constructor": "x", "ce_source": "/forged"}';
  expect(recordHeaders({ ...event, headers: row }, "/orders")).toEqual({
    ...recordHeaders(event, "/orders"),
    traceparent: "00-ab-cd-01",
    constructor: "x",
  });
});

test.each([
  ["2026-11-24 08:00:00.123456+00", "2026-11-24T08:00:00.123456Z"],
  ["2026-11-24 08:00:00+00", "2026-11-24T08:00:00Z"],
])("the time %s loses no digit", (postgres, expected) => {
  expect(rfc3339(postgres)).toBe(expected);
});

test("a replayed record is marked, whatever the row says, and has no transaction for the relay to know it by", () => {
  const row = `{"${REPLAY_HEADER}": "spoofed", "${TRANSACTION_ID_HEADER}": "7", "traceparent": "00-1"}`;
  const headers = recordHeaders({ ...event, headers: row, replay: "replay-1" }, "/orders");
  expect(headers).toMatchObject({ [REPLAY_HEADER]: "replay-1", ce_id: event.id, traceparent: "00-1" });
  expect(headers).not.toHaveProperty(TRANSACTION_ID_HEADER);
});
