import type { Admin, Kafka } from "kafkajs";

export interface TopicSpecification {
  readonly topic: string;
  readonly partitions: number;
  /** -1 takes the broker's default. */
  readonly replicationFactor: number;
  /** Topic settings by Kafka's names, for a topic that has to be made. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How long a new topic may take to be known to every broker. */
const KNOWN_WITHIN_MS = 10_000;

/**
 * Makes the topic if it is missing (another may make it at the same time) and returns how many partitions it has. A topic that
 * exists is left as it is. Rejects with an error that names the topic when it can neither be found nor made.
 */
export async function ensureTopic(
  kafka: Pick<Kafka, "admin">,
  specification: TopicSpecification,
): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await countPartitions(admin, specification.topic)) ?? (await makeTopic(admin, specification));
  } finally {
    await admin.disconnect();
  }
}

/** Rejects when the brokers cannot be asked. */
export async function topicExists(kafka: Pick<Kafka, "admin">, topic: string): Promise<boolean> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await countPartitions(admin, topic)) !== undefined;
  } finally {
    await admin.disconnect();
  }
}

async function makeTopic(admin: Admin, specification: TopicSpecification): Promise<number> {
  const { topic, partitions, replicationFactor, settings = {} } = specification;
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  try {
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
      waitForLeaders: true,
    });
  } catch (error) {
    throw new Error(
      `topic ${topic} is missing and cannot be made (${reasonOf(error)}): make it with ${partitions} partitions, ` +
        "or let this client describe and create topics",
      { cause: error },
    );
  }
  // Another creator may have been first, and the broker that is asked may hear of the topic a moment later.
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  for (;;) {
    const count = await countPartitions(admin, topic);
    if (count !== undefined) return count;
    if (Date.now() > deadline) throw new Error(`topic ${topic} was made, but the brokers do not know it`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function countPartitions(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length || undefined;
  } catch (error) {
    if ((error as { type?: string }).type === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}

/** kafkajs tells of a refused creation by an aggregate whose own message says nothing. */
function reasonOf(error: unknown): string {
  const { errors = [], message } = error as Error & { errors?: readonly Error[] };
  return errors.length > 0 ? errors.map((each) => each.message).join("; ") : message;
}
