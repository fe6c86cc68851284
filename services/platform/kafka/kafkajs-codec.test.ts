import { createRequire } from "node:module";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import "./kafkajs-codec.ts";

const require = createRequire(import.meta.url);

type Encode = (of: unknown) => { encode(): Promise<{ buffer: Buffer }> };
type Wrap = (of: unknown) => Promise<{ buffer: Buffer }>;
type Group = (of: unknown) => Record<number, unknown[]>;

/** kafkajs' own, and what it has been replaced by. */
function both<Export>(module: string): { readonly own: Export; readonly replaced: Export } {
  const file = require.resolve(`kafkajs/src/${module}`);
  const replaced: Export = require(file);
  const loaded = require.cache[file];
  delete require.cache[file];
  const own: Export = require(file);
  require.cache[file] = loaded;
  return { own, replaced };
}

const produce = both<Encode>("protocol/requests/produce/v3/request.js");
const request = both<Wrap>("protocol/request.js");
const grouping = both<Group>("producer/groupMessagesPerPartition.js");

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const content = fc.oneof(bytes, fc.string({ maxLength: 200, unit: "binary" }));
const message = fc.record({
  key: fc.oneof(content, fc.constant(null)),
  value: fc.oneof(content, fc.constant(null)),
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 70, unit: "binary" }), content, {
    maxKeys: 12,
  }),
});
const data = fc.record({
  acks: fc.constant(-1),
  timeout: fc.nat(),
  producerId: fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String),
  producerEpoch: fc.nat(32_767),
  topicData: fc.array(
    fc.record({
      topic: fc.stringMatching(/^[\w.-]{1,249}$/),
      partitions: fc.uniqueArray(
        fc.record({
          partition: fc.nat(1_000),
          firstSequence: fc.nat(),
          messages: fc.array(message, { minLength: 1, maxLength: 20 }),
        }),
        { minLength: 1, maxLength: 3, selector: ({ partition }) => partition },
      ),
    }),
    { minLength: 1, maxLength: 1 },
  ),
});

afterEach(() => void vi.useRealTimers());

/** The one field that is another: kafkajs has 0 where Kafka's own client has -1, and the broker sets it. */
function withoutLeaderEpochs(
  body: Buffer,
  { topicData }: { topicData: { topic: string; partitions: unknown[] }[] },
) {
  const copy = Buffer.from(body);
  let at = 12 + 2 + Buffer.byteLength(topicData[0]?.topic ?? "") + 4;
  for (const _ of topicData[0]?.partitions ?? []) {
    const size = copy.readInt32BE(at + 4);
    copy.writeInt32BE(0, at + 8 + 12);
    at += 8 + size;
  }
  return copy.toString("hex");
}

test("a produce request has the bytes that kafkajs' own encoder gives it", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 });
  await fc.assert(
    fc.asyncProperty(data, async (each) => {
      const own = (await produce.own(each).encode()).buffer;
      const replaced = (await produce.replaced(each).encode()).buffer;
      expect(withoutLeaderEpochs(replaced, each)).toBe(withoutLeaderEpochs(own, each));
    }),
  );
});

test("the version of the request that kafkajs sends to a broker of today is encoded so", async () => {
  await import("./kafka-client.ts");
  const sent: Encode = require("kafkajs/src/protocol/requests/produce/v7/request.js");
  vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 });
  const [each] = fc.sample(data, { numRuns: 1, seed: 1 });
  const { buffer } = await sent(each).encode();
  expect(buffer.equals((await produce.replaced(each).encode()).buffer)).toBe(true);
  expect(buffer.equals((await produce.own(each).encode()).buffer)).toBe(false);
});

test.each([
  ["timestamps", { messages: [{ key: "k", value: "v", timestamp: "1790000000001", headers: {} }] }, {}],
  ["headers of several values", { messages: [{ key: "k", value: "v", headers: { a: ["1", "2"] } }] }, {}],
  ["compression", { messages: [{ key: "k", value: "v", headers: {} }] }, { compression: 1 }],
])("what it does not know is left to kafkajs: %s", async (_, partition, more) => {
  const topicData = [{ topic: "t", partitions: [{ partition: 0, firstSequence: 0, ...partition }] }];
  const each = { acks: -1, timeout: 1, producerId: "1", producerEpoch: 0, topicData, ...more };
  vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 });
  const own = (await produce.own(each).encode()).buffer;
  expect((await produce.replaced(each).encode()).buffer.toString("hex")).toBe(own.toString("hex"));
});

test("a request has the size and header that kafkajs gives it", async () => {
  const body = Buffer.from("body");
  const encode = async () => ({ buf: body, buffer: body, size: () => body.length });
  const each = { correlationId: 7, clientId: "rélay", request: { apiKey: 0, apiVersion: 7, encode } };
  const own = (await request.own(each)).buffer;
  expect((await request.replaced(each)).buffer.toString("hex")).toBe(own.toString("hex"));
});

test("messages are grouped as kafkajs groups them", () => {
  const messages = Array.from({ length: 100 }, (_, n) => ({ n, partition: (n * 7) % 5 }));
  const partitioner = ({ message }: { message: { partition: number } }) => message.partition;
  const each = { topic: "t", partitionMetadata: [{}], messages, partitioner };
  expect(grouping.replaced(each)).toEqual(grouping.own(each));
  const unknown = { ...each, partitionMetadata: [] };
  expect(grouping.replaced(unknown)).toEqual(grouping.own(unknown));
});
