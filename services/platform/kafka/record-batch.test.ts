import { Reader, readRecordsBatch } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { createByteWriter } from "./byte-writer.ts";
import { createRecordBatchEncoder } from "./record-batch.ts";

test("a reader of Kafka's record format finds each record in its batch, also in a buffer that had to grow and was used before", () => {
  const encode = createRecordBatchEncoder();
  const writer = createByteWriter(10);
  const producer = { producerId: 2n ** 40n, producerEpoch: 3, sequence: 2 ** 31 - 1 };
  const timestamp = 1_790_000_000_000;
  for (const count of [300, 1]) {
    const records = Array.from({ length: count }, (_, i) => ({
      key: i === 1 ? null : `key-${i}`,
      value: Buffer.alloc(i * 7, "p"),
      headers: { n: String(i), Łódź: Buffer.from([0, 255, i % 256]), long: "ü".repeat(i) },
    }));
    writer.clear();
    encode({ count, record: (i) => records[i] as (typeof records)[number], timestamp, ...producer }, writer);
    const batch = readRecordsBatch(Reader.from(Buffer.from(writer.from(0))));
    expect(batch).toMatchObject({
      magic: 2,
      attributes: 0,
      lastOffsetDelta: count - 1,
      firstTimestamp: BigInt(timestamp),
      maxTimestamp: BigInt(timestamp),
      producerId: producer.producerId,
      producerEpoch: 3,
      firstSequence: 2 ** 31 - 1,
    });
    expect(batch.length).toBe(writer.length - 12);
    expect(batch.records).toHaveLength(count);
    for (const [i, record] of batch.records.entries()) {
      expect(record).toMatchObject({ offsetDelta: i, timestampDelta: 0n });
      expect(record.key?.toString()).toBe(records[i]?.key ?? undefined);
      expect(record.value?.length ?? 0).toBe(i * 7);
      const headers = record.headers.map(([name, value]) => [String(name), value?.toString("hex")]);
      expect(headers).toEqual([
        ["n", Buffer.from(String(i)).toString("hex")],
        ["Łódź", Buffer.from([0, 255, i % 256]).toString("hex")],
        ["long", Buffer.from("ü".repeat(i)).toString("hex")],
      ]);
    }
  }
});

test("a varint reads as it was written, at each length at which it takes another byte", () => {
  for (const bits of [6, 7, 13, 14, 20, 21, 27, 28]) {
    for (const value of [2 ** bits - 1, 2 ** bits, -(2 ** bits), -(2 ** bits) - 1]) {
      const writer = createByteWriter(1);
      writer.varint(value);
      expect(Reader.from(Buffer.from(writer.from(0))).readVarInt()).toBe(value);
    }
  }
});
