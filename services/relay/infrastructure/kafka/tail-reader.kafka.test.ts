import { randomUUIDv7 } from "node:crypto";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { createTopic, kafkaBrokers, produceRaw, uniqueTopic } from "../../../../test/support/kafka.ts";
import { ensureTopic } from "../../../platform/kafka/ensure-topic.ts";
import { openLeaderConnections } from "../../../platform/kafka/leader-connections.ts";
import type { KafkaTail } from "../../application/kafka-tail.ts";
import { setTopic } from "../../testing/topic-settings.ts";
import { partitionEnds } from "./partition-ends.ts";
import { createTailReader } from "./tail-reader.ts";

const signal = new AbortController().signal;
const options = { settle: false, signal };

function reader(topics: string[], more: { maxEvents?: number; settleMs?: number } = {}): KafkaTail {
  const kafka = new kafkajs.Kafka({ brokers: kafkaBrokers(), logLevel: kafkajs.logLevel.NOTHING });
  return createTailReader({
    topics,
    ensureTopic: (topic) => ensureTopic(kafka, { topic, partitions: 2, replicationFactor: 1 }),
    partitionEnds: (topic) => partitionEnds(kafka, topic),
    openConnections: (of) => openLeaderConnections(kafka, of),
    settleMs: 0,
    maxEvents: 1_000,
    ...more,
  });
}

async function topicWith(perPartition: readonly number[]): Promise<{ topic: string; ids: string[][] }> {
  const topic = uniqueTopic("tail");
  await createTopic({ topic, partitions: perPartition.length });
  const ids = perPartition.map((count) => Array.from({ length: count }, () => randomUUIDv7() as string));
  const records = ids.flatMap((of, partition) =>
    of.map((id, i) => ({
      key: "k",
      value: "v",
      partition,
      headers: { ce_id: id, ce_transactionid: `${100 + i}` },
    })),
  );
  await produceRaw(topic, records);
  return { topic, ids };
}

async function admin<T>(work: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const client = new kafkajs.Kafka({ brokers: kafkaBrokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.disconnect();
  }
}

test("finds each event at or after the offsets, none before them, with its transaction", async () => {
  const { topic, ids } = await topicWith([5, 3]);
  const found = await reader([topic]).read({ [topic]: { 0: "2", 1: "3" } }, options);
  expect(found.ids.size).toBe(3);
  for (const id of ids[0]?.slice(2) ?? []) expect(found.ids.has(id)).toBe(true);
  expect(found.transactionIds).toEqual([102, 103, 104]);
  expect(found.startOffsets).toEqual({ [topic]: { 0: "2", 1: "3" } });
  expect(found.endOffsets).toEqual({ [topic]: { 0: "5", 1: "3" } });
  expect(found.gaps).toEqual([]);
});

test("a topic that the checkpoint does not know is taken as it is, a partition that it does not know is read", async () => {
  const { topic, ids } = await topicWith([2, 2]);
  const unknown = await reader([topic]).read({}, options);
  expect(unknown.ids.size).toBe(0);
  expect(unknown.startOffsets).toEqual({ [topic]: { 0: "2", 1: "2" } });
  const grown = await reader([topic]).read({ [topic]: { 0: "2" } }, options);
  expect(grown.ids.size).toBe(2);
  for (const id of ids[1] ?? []) expect(grown.ids.has(id)).toBe(true);
});

test("a missing topic is made, and empty", async () => {
  const topic = uniqueTopic("tail");
  const found = await reader([topic]).read({}, options);
  expect(found.endOffsets).toEqual({ [topic]: { 0: "0", 1: "0" } });
});

test("a topic that was made anew is read from its beginning, and that is told", async () => {
  const { topic, ids } = await topicWith([3]);
  const found = await reader([topic]).read({ [topic]: { 0: "90" } }, options);
  expect(found.ids.size).toBe(3);
  expect(found.ids.has(ids[0]?.[0] ?? "")).toBe(true);
  expect(found.startOffsets).toEqual({ [topic]: { 0: "0" } });
  expect(found.gaps).toEqual([`${topic}/0 ends at offset 3, before 90: the topic was made anew`]);
});

test("records that retention has removed are told of, the rest is found", async () => {
  const { topic, ids } = await topicWith([4]);
  await admin(async (client) => {
    await client.fetchTopicOffsets(topic); // it has to know the partition's leader
    await client.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
  });
  const found = await reader([topic]).read({ [topic]: { 0: "1" } }, options);
  expect(found.ids.size).toBe(1);
  expect(found.ids.has(ids[0]?.[3] ?? "")).toBe(true);
  expect(found.gaps).toEqual([`${topic}/0 begins at offset 3, after 1: records were removed by retention`]);
  const behind = await reader([topic]).read({ [topic]: { 0: "3" } }, options);
  expect(behind.gaps).toEqual([]);
});

test("records of others on the topic are passed over", async () => {
  const { topic } = await topicWith([1]);
  await produceRaw(topic, [
    { key: null, value: null },
    { key: "k", value: "v", headers: { ce_id: "not a uuid", ce_transactionid: "7" } },
    { key: "k", value: "v", headers: { ce_id: randomUUIDv7(), ce_transactionid: "x" } },
  ]);
  const found = await reader([topic]).read({ [topic]: { 0: "0" } }, options);
  expect(found.ids.size).toBe(1);
  expect(found.transactionIds).toEqual([100]);
});

test("a limit bounds what is remembered, and what is left unread is told", async () => {
  const { topic } = await topicWith([10, 10]);
  const found = await reader([topic], { maxEvents: 5 }).read({ [topic]: { 0: "0", 1: "0" } }, options);
  expect(found.ids.size).toBeGreaterThanOrEqual(5);
  expect(found.gaps).toEqual([`${topic}/1 was read to offset 0 of 10: 5 events is the limit`]);
  expect(found.endOffsets).toEqual({ [topic]: { 0: "10", 1: "10" } });
});

test.each(["gzip", "snappy", "lz4", "zstd"])(
  "what the broker keeps compressed with %s is found",
  async (type) => {
    const topic = uniqueTopic("tail");
    await setTopic(topic, { "compression.type": type });
    const ids = Array.from({ length: 500 }, () => randomUUIDv7() as string);
    const headers = (id: string) => ({ ce_id: id, ce_transactionid: "100" });
    await produceRaw(
      topic,
      ids.map((id) => ({ key: "k", value: "v".repeat(1_000), partition: 0, headers: headers(id) })),
    );
    const found = await reader([topic]).read({ [topic]: { 0: "100" } }, options);
    expect(found.ids.size).toBe(400);
    for (const id of ids.slice(100)) expect(found.ids.has(id)).toBe(true);
  },
);

test("what lands while it waits for the broker to settle is found", async () => {
  const { topic } = await topicWith([1]);
  const late = randomUUIDv7() as string;
  const reading = reader([topic], { settleMs: 1_000 }).read(
    { [topic]: { 0: "1" } },
    { settle: true, signal },
  );
  await produceRaw(topic, [{ key: "k", value: "v", headers: { ce_id: late, ce_transactionid: "200" } }]);
  expect((await reading).ids.has(late)).toBe(true);
});
