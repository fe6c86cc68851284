import { Reader, readRecordsBatch } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { outboxEvent } from "../../testing/events.ts";
import { createByteWriter, varintBytes } from "./byte-writer.ts";
import { createRecordBatchEncoder } from "./record-batch.ts";

test("a reader of Kafka's record format finds each event in its batch, also in a buffer that had to grow and was used before", () => {
  const encode = createRecordBatchEncoder("/orders");
  const writer = createByteWriter(10);
  const producer = { producerId: 2n ** 40n, producerEpoch: 3, sequence: 2 ** 31 - 1 };
  const timestamp = 1_790_000_000_000n;
  for (const count of [300, 1]) {
    const events = Array.from({ length: count }, (_, i) =>
      outboxEvent({ keyText: `key-${i}`, payload: Buffer.alloc(i * 7, "p"), headers: `{"n": ${i}}` }),
    );
    writer.clear();
    encode({ events, timestamp, ...producer }, writer);
    const batch = readRecordsBatch(Reader.from(Buffer.from(writer.from(0))));
    expect(batch).toMatchObject({
      magic: 2,
      attributes: 0,
      lastOffsetDelta: count - 1,
      firstTimestamp: timestamp,
      maxTimestamp: timestamp,
      producerId: producer.producerId,
      producerEpoch: 3,
      firstSequence: 2 ** 31 - 1,
    });
    expect(batch.length).toBe(writer.length - 12);
    expect(batch.records).toHaveLength(count);
    for (const [i, record] of batch.records.entries()) {
      expect(record).toMatchObject({ offsetDelta: i, timestampDelta: 0n });
      expect(record.key?.toString()).toBe(`key-${i}`);
      expect(record.value?.length ?? 0).toBe(i * 7);
      const headers = Object.fromEntries(record.headers.map(([name, value]) => [`${name}`, `${value}`]));
      expect(headers).toMatchObject({ n: String(i), ce_id: events[i]?.id, ce_subject: `key-${i}` });
    }
  }
});

test("a varint has as many bytes as is told beforehand, at each length at which it takes another", () => {
  for (const bits of [6, 7, 13, 14, 20, 21, 27, 28]) {
    for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
      const writer = createByteWriter(1);
      writer.varint(value);
      expect(writer.length).toBe(varintBytes(value));
      expect(Reader.from(Buffer.from(writer.from(0))).readVarInt()).toBe(value);
    }
  }
});
