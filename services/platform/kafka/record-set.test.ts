import { crc32c } from "@node-rs/crc32";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { createByteWriter } from "./byte-writer.ts";
import { createRecordBatchEncoder } from "./record-batch.ts";
import { headersByName } from "./record-headers.ts";
import { isReadable, offsetBehind, readRecordSet } from "./record-set.ts";

const encode = createRecordBatchEncoder();
const RECORDS_AT = 61;
const ATTRIBUTES_AT = 21;

/** Records `n` = first, first + 1, … with a header that is not asked for in between. */
function batch(first: number, count: number, attributes = 0, compress = (bytes: Buffer) => bytes): Buffer {
  const writer = createByteWriter(100);
  const record = (i: number) => ({
    key: i % 2 === 0 ? null : "ключ",
    value: Buffer.alloc(200 * i),
    headers: { n: String(first + i), other: "x".repeat(i), nn: "no", long: `${first + i}`.repeat(40) },
  });
  const producer = { producerId: 1n, producerEpoch: 0, sequence: 0 };
  encode({ count, record, timestamp: 1_790_000_000_000, ...producer }, writer);
  const plain = Buffer.from(writer.from(0));
  const bytes = Buffer.concat([plain.subarray(0, RECORDS_AT), compress(plain.subarray(RECORDS_AT))]);
  bytes.writeBigInt64BE(BigInt(first));
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), ATTRIBUTES_AT - 4);
  return bytes;
}

async function read(set: Buffer) {
  const records = (await readRecordSet(set)).filter(({ isControlRecord }) => !isControlRecord);
  return records.map((record) => {
    const { offset, headers } = record.read();
    return [Number(offset), String(headersByName(headers).n)];
  });
}
const expected = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => [first + i, `${first + i}`]);

test("gives each record with its offset, and tells the offset behind the last batch", async () => {
  const set = Buffer.concat([batch(10, 5), batch(20, 3)]);
  expect(await read(set)).toEqual([...expected(10, 5), ...expected(20, 3)]);
  expect(offsetBehind(set)).toBe(23n);
});

test("a last batch that is cut off is left for the next fetch", async () => {
  const whole = batch(10, 5);
  for (const cut of [whole.length + 5, whole.length + 80]) {
    const set = Buffer.concat([whole, batch(15, 5)]).subarray(0, cut);
    expect(await read(set)).toEqual(expected(10, 5));
    expect(offsetBehind(set)).toBe(15n);
  }
  expect(await read(Buffer.alloc(0))).toEqual([]);
  expect(offsetBehind(Buffer.alloc(0))).toBeUndefined();
});

test("a batch of which compaction has left nothing, and a marker of a transaction, are passed over", async () => {
  const emptied = batch(10, 5).subarray(0, RECORDS_AT);
  emptied.writeInt32BE(RECORDS_AT - 12, 8);
  emptied.writeInt32BE(0, 57);
  expect(await read(Buffer.concat([emptied, batch(15, 1, 0x20), batch(16, 2)]))).toEqual(expected(16, 2));
  expect(offsetBehind(emptied)).toBe(15n);
});

test("a batch of an older format is told of, and passed over", async () => {
  const old = batch(10, 1);
  old[16] = 1;
  const set = Buffer.concat([batch(9, 1), old]);
  expect([isReadable(batch(9, 1)), isReadable(set)]).toEqual([true, false]);
  expect(await read(set)).toEqual(expected(9, 1));
  expect(offsetBehind(set)).toBe(11n);
});

const { gzip, snappy, lz4, zstd } = compressionsAlgorithms;
test.each(Object.entries({ gzip, snappy, lz4, zstd }))(
  "reads what another client has compressed with %s",
  async (_, { bitmask, compressSync }) => {
    const set = batch(10, 50, bitmask, (bytes) => Buffer.from(compressSync(bytes)));
    expect(await read(set)).toEqual(expected(10, 50));
  },
);

test("a record that ends too early is an error", async () => {
  const set = batch(10, 3);
  set.writeInt32BE(4, 57);
  await expect(read(set)).rejects.toThrow(RangeError);
});
