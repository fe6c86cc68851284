import { expect, test } from "vitest";
import type { ConsumedRecord } from "../../application/consumed-record.ts";
import { headerBytes } from "../../testing/header-bytes.ts";
import { deadLetterHeaders } from "./dead-letter-headers.ts";

const record: ConsumedRecord = {
  topic: "orders-events",
  partition: 3,
  offset: "9007199254740993",
  timestamp: "1795507200000",
  key: Buffer.from("k"),
  value: null,
  headers: headerBytes({
    plain: Buffer.from([0, 255]),
    twice: [Buffer.from("a"), Buffer.from("b")],
    dlq_topic: "older",
  }),
};
const failedAt = new Date("2026-11-24T08:00:00Z");
const letter = { record, reason: "null_value", message: "the record has no value" } as const;

test("the record's headers stay as they are, and ours say where it lay, who refused it and why", () => {
  expect(deadLetterHeaders(letter, "orders-projector", failedAt)).toEqual({
    plain: Buffer.from([0, 255]),
    twice: [Buffer.from("a"), Buffer.from("b")],
    dlq_topic: "orders-events",
    dlq_partition: "3",
    dlq_offset: "9007199254740993",
    dlq_timestamp: "1795507200000",
    dlq_group: "orders-projector",
    dlq_error_class: "null_value",
    dlq_error_message: "the record has no value",
    dlq_failed_at: "2026-11-24T08:00:00.000Z",
  });
});

test("a header without a value, which kafkajs cannot write, becomes empty and is named", () => {
  const headers = headerBytes({ nothing: null, mixed: [null, "a"], full: "b" });
  expect(deadLetterHeaders({ ...letter, record: { ...record, headers } }, "g", failedAt)).toMatchObject({
    nothing: "",
    mixed: ["", Buffer.from("a")],
    full: Buffer.from("b"),
    dlq_null_headers: "nothing,mixed",
  });
});

test("a long error is cut", () => {
  const headers = deadLetterHeaders({ ...letter, message: "x".repeat(10_000) }, "g", failedAt);
  expect(headers.dlq_error_message).toHaveLength(500);
});
