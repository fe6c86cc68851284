import type { Kafka } from "kafkajs";

export interface TopicSpecification {
  readonly topic: string;
  readonly partitions: number;
  /** -1 takes the broker's default. */
  readonly replicationFactor: number;
}

/** Makes the topic if it is missing (another may make it at the same time) and returns how many partitions it has. */
export async function ensureTopic(kafka: Kafka, specification: TopicSpecification): Promise<number> {
  const { topic, partitions, replicationFactor } = specification;
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = await admin.listTopics();
    if (!existing.includes(topic)) {
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor }],
        waitForLeaders: true,
      });
    }
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const count = topics[0]?.partitions.length ?? 0;
    if (count === 0) throw new Error(`topic ${topic} has no partitions`);
    return count;
  } finally {
    await admin.disconnect();
  }
}
