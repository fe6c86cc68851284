import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { createTopic, kafkaBrokers, readTopic, uniqueTopic } from "../../../../test/support/kafka.ts";
import { partitionOf } from "./partition-of.ts";

test("another client that hashes keys as Kafka's own do puts each key into the very partition that we compute", async () => {
  const topic = uniqueTopic("partition-of");
  await createTopic({ topic, partitions: 7 });
  const keys = [
    "21",
    "a",
    "ab",
    "abc",
    "abcd",
    "ключ",
    "東京",
    "🎁",
    ...Array.from({ length: 50 }, (_, i) => `key-${i}`),
  ];
  const kcat = spawn(
    "kcat",
    ["-P", "-b", kafkaBrokers().join(), "-t", topic, "-K", "\t", "-X", "topic.partitioner=murmur2"],
    { stdio: ["pipe", "ignore", "inherit"] },
  );
  kcat.stdin.end(keys.map((key) => `${key}\tvalue\n`).join(""));
  expect(await once(kcat, "close")).toEqual([0, null]);
  const records = await readTopic(topic, { count: keys.length });
  expect(Object.fromEntries(records.map(({ key, partition }) => [key, partition]))).toEqual(
    Object.fromEntries(keys.map((key) => [key, partitionOf(Buffer.from(key), 7)])),
  );
});
