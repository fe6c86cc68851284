import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FetchedRecord } from "./fetched-record.ts";
import "./kafkajs-fetch.ts";

const require = createRequire(import.meta.url);
const Decoder = require("kafkajs/src/protocol/decoder.js");
const Encoder = require("kafkajs/src/protocol/encoder.js");
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0/index.js");
const encodeRecord = require("kafkajs/src/protocol/recordBatch/record/v0/index.js");

interface Fetched {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | null | (Buffer | null)[]>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}
type Decode = (decoder: unknown) => Promise<Fetched[]>;

const path = require.resolve("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js");
const replaced: Decode = require(path);
delete require.cache[path];
const own: Decode = require(path);

const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;

interface BatchOptions {
  readonly firstOffset: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly compression: number;
  readonly transactional: boolean;
  readonly attributes: number;
  readonly records: readonly object[];
}

/** A batch as kafkajs writes it, with attributes that only brokers set. */
async function batch({ attributes, records, firstOffset, ...options }: BatchOptions): Promise<Buffer> {
  const encoded = records.map((record, i) => encodeRecord({ ...record, offsetDelta: 2 * i }));
  const { buffer } = await RecordBatch({
    ...options,
    records: encoded,
    lastOffsetDelta: 2 * records.length,
    producerId: 77,
  });
  const bytes: Buffer = Buffer.from(buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  bytes[22] = (bytes[22] as number) | attributes;
  return bytes;
}

/** What a response has of one partition, with something before it and behind it. */
function partition(bytes: Buffer) {
  const decoder = new Decoder(new Encoder().writeInt32(1).writeBytes(bytes).writeInt32(2).buffer);
  decoder.readInt32();
  return decoder;
}

function plain(records: readonly Fetched[]) {
  return records.map(({ offset, timestamp, key, value, headers, isControlRecord, batchContext }) => {
    const { producerId, inTransaction } = batchContext;
    return { offset, timestamp, key, value, headers, isControlRecord, producerId, inTransaction };
  });
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const headers = fc.dictionary(
  fc.string({ maxLength: 20, unit: "binary" }).filter((name) => !(name in {})),
  fc.oneof(bytes, fc.array(bytes, { minLength: 1, maxLength: 3 })),
  { maxKeys: 12 },
);
const record = fc.record({
  timestampDelta: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers,
});
const options = fc.record({
  firstOffset: fc.nat(),
  firstTimestamp: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
  maxTimestamp: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
  compression: fc.constantFrom(0, 1),
  transactional: fc.boolean(),
  attributes: fc.constantFrom(0, LOG_APPEND_TIME, CONTROL),
  records: fc.array(record, { minLength: 1, maxLength: 20 }),
});

test("what a fetch brings is read as kafkajs reads it: several batches, compressed ones, and one that is cut off", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(options, { minLength: 1, maxLength: 3 }), fc.nat(100), async (all, cut) => {
      const whole = Buffer.concat(await Promise.all(all.map(batch)));
      const set = whole.subarray(0, Math.max(whole.length - cut, 17)); // kafkajs fails at less
      const [one, other] = [partition(set), partition(set)];
      expect(plain(await replaced(one))).toEqual(plain(await own(other)));
      expect(one.readInt32()).toBe(other.readInt32());
    }),
  );
});

test("a record read in one go is what its parts are", async () => {
  const [each] = fc.sample(options, { numRuns: 1, seed: 7 });
  const [fetched] = await replaced(partition(await batch(each as BatchOptions)));
  expect(fetched).toBeInstanceOf(FetchedRecord);
  const { offset, timestamp, key, value } = fetched as Fetched;
  expect((fetched as unknown as FetchedRecord).read()).toMatchObject({ offset, timestamp, key, value });
});

test("an offset past 2^53 keeps every digit", async () => {
  const [each] = fc.sample(options, { numRuns: 1, seed: 7 });
  const set = await batch({ ...(each as BatchOptions), compression: 0 });
  set.writeBigInt64BE(2n ** 53n + 1n, 0);
  expect((await replaced(partition(set)))[0]?.offset).toBe("9007199254740993");
});

test("a batch that is cut off before it says what it is has no records", async () => {
  const [each] = fc.sample(options, { numRuns: 1, seed: 7 });
  const set = await batch(each as BatchOptions);
  for (const length of [1, 12, 16]) {
    const decoder = partition(set.subarray(0, length));
    expect(await replaced(decoder)).toEqual([]);
    expect(decoder.readInt32()).toBe(2);
  }
});

test("nothing, and records of the format before, are left to kafkajs", async () => {
  const MessageSet = require("kafkajs/src/protocol/messageSet/index.js");
  const { buffer } = MessageSet({ messageVersion: 1, entries: [{ key: "k", value: "v", timestamp: 7 }] });
  const old = Buffer.from(buffer).subarray(4);
  for (const set of [Buffer.alloc(0), old]) {
    expect(plain(await replaced(partition(set)))).toEqual(plain(await own(partition(set))));
  }
});

test("a batch whose records do not fit into it is an error, and none of them is taken", async () => {
  const [each] = fc.sample(options, { numRuns: 1, seed: 7 });
  const set = await batch({ ...(each as BatchOptions), compression: 0 });
  set.writeInt32BE(1_000, 57);
  await expect(replaced(partition(set))).rejects.toThrow(RangeError);
});
