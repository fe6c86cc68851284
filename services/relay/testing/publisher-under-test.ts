import { Consumer } from "@platformatic/kafka";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { kafkaBrokers } from "../../../test/support/kafka.ts";
import { ensureTopic, topicExists } from "../../platform/kafka/ensure-topic.ts";
import { createKafka } from "../../platform/kafka/kafka-client.ts";
import type { KafkaSecurity } from "../../platform/kafka/kafka-security.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Publisher } from "../application/publisher.ts";
import { createPublisher } from "../infrastructure/kafka/create-publisher.ts";

/** What a port's contract is held to. */
export const publishingClients = ["kafkajs", "platformatic"] as const;

export interface PublisherUnderTest {
  readonly client: (typeof publishingClients)[number];
  /** Of aggregate type `order`; all topics have this many partitions. */
  readonly topic: string;
  readonly partitions?: number;
  /** More routes, aggregate type to topic. */
  readonly more?: Readonly<Record<string, string>>;
  readonly brokers?: readonly string[];
  readonly security?: KafkaSecurity;
  /** Brokers of the same cluster where topics can be made without any. */
  readonly topicsAt?: readonly string[];
  readonly log?: Logger;
  readonly mayWrite?: () => boolean;
}

/** A publisher as it is wired for production, until the test is over. */
export async function openPublisher(options: PublisherUnderTest): Promise<Publisher> {
  const { client, topic, partitions = 3, more = {}, mayWrite = () => true } = options;
  const brokers = options.brokers ?? kafkaBrokers();
  const { security = {}, topicsAt = brokers } = options;
  const log = options.log ?? pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" });
  const retry = { retries: 2, initialRetryTime: 100 };
  const kafka = createKafka({ brokers: topicsAt, clientId: "test", security: {}, log, retry });
  const publisher = await createPublisher(client, {
    brokers,
    clientId: "publisher-test",
    security,
    log,
    mayWrite,
    topics: new Map(Object.entries({ order: topic, ...more })),
    source: "/orders",
    maxEventBytes: 50_000_000,
    ensureTopic: (name) => ensureTopic(kafka, { topic: name, partitions, replicationFactor: 1 }),
    topicExists: (name) => topicExists(kafka, name),
    missingTopicCheckMs: 500,
  });
  onTestFinished(() => publisher.discard());
  return publisher;
}

/** Which producers have written to the partition, in the order of the first batch of each. */
export async function producersOf(topic: string, partition: number): Promise<readonly bigint[]> {
  const consumer = new Consumer({ clientId: "test", groupId: "test", bootstrapBrokers: kafkaBrokers() });
  try {
    consumer.topics.track(topic);
    const metadata = await consumer.metadata({ topics: [topic] });
    const described = metadata.topics.get(topic);
    const wanted = { partition, currentLeaderEpoch: -1, fetchOffset: 0n, lastFetchedEpoch: -1 };
    const { responses } = await consumer.fetch({
      node: described?.partitions[partition]?.leader ?? -1,
      minBytes: 1,
      maxBytes: 10_000_000,
      maxWaitTime: 500,
      isolationLevel: 0,
      topics: [{ topicId: described?.id ?? "", partitions: [{ ...wanted, partitionMaxBytes: 10_000_000 }] }],
    });
    const batches = responses.flatMap(({ partitions }) => partitions.flatMap(({ records }) => records ?? []));
    return [...new Set(batches.map(({ producerId }) => producerId))];
  } finally {
    await consumer.close();
  }
}
