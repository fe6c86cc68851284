import { pino } from "pino";
import { expect, test } from "vitest";
import {
  createTopic,
  kafkaBrokers,
  produceRaw,
  readTopic,
  uniqueTopic,
} from "../../../test/support/kafka.ts";
import { ensureTopic } from "./ensure-topic.ts";
import { createKafka } from "./kafka-client.ts";

const kafka = createKafka({
  brokers: kafkaBrokers(),
  clientId: "test",
  security: {},
  log: pino({ level: "silent" }),
});

test("a missing topic is made with its partitions and settings, and takes records at once", async () => {
  const topic = uniqueTopic("ensured");
  const specification = { topic, partitions: 6, replicationFactor: 1, settings: { "retention.ms": "-1" } };
  expect(await ensureTopic(kafka, specification)).toBe(6);
  await produceRaw(topic, [{ key: "k", value: "v", partition: 5 }]);
  expect((await readTopic(topic, { count: 1 }))[0]?.partition).toBe(5);
  const admin = kafka.admin();
  await admin.connect();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic, configNames: ["retention.ms"] }],
  });
  await admin.disconnect();
  expect(resources[0]?.configEntries[0]?.configValue).toBe("-1");
});

test("a topic that exists keeps its partitions, and their number is told", async () => {
  const topic = uniqueTopic("existing");
  await createTopic({ topic, partitions: 3 });
  expect(await ensureTopic(kafka, { topic, partitions: 6, replicationFactor: 1 })).toBe(3);
});

test("many that make the same topic at the same time all succeed", async () => {
  const topic = uniqueTopic("contended");
  const counts = await Promise.all(
    Array.from({ length: 8 }, () => ensureTopic(kafka, { topic, partitions: 2, replicationFactor: 1 })),
  );
  expect(counts).toEqual(Array(8).fill(2));
});

test("a topic that the broker refuses is an error that names it, the reason and the way on", async () => {
  const topic = uniqueTopic("refused");
  const refused = ensureTopic(kafka, { topic, partitions: 2, replicationFactor: 99 });
  await expect(refused).rejects.toThrow(new RegExp(`${topic}.*replication.*make it with 2 partitions`, "i"));
});
