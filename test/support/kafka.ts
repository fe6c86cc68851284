import { randomBytes } from "node:crypto";
import kafkajs from "kafkajs";
import { kafkaClient, withAdmin } from "./kafka-client.ts";
import { testServers } from "./servers.ts";

export { forEachRecord, type KafkaRecord, readToEnd, readTopic } from "./kcat.ts";

export function kafkaBrokers(): string[] {
  return testServers().kafkaBrokers.split(",");
}

export function uniqueTopic(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString("hex")}`;
}

// `brokers`, here and below: host:port of another broker than the run's, for tests that stop and start one of their own.

/** Creates the topic and waits until its partitions have leaders. */
export async function createTopic({
  topic,
  partitions,
  brokers,
}: {
  topic: string;
  partitions: number;
  brokers?: string;
}): Promise<void> {
  await withAdmin(
    (admin) => admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true }),
    { brokers },
  );
}

export interface RawRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  readonly partition?: number;
}

/** Sends the records in this order, as they are. */
export async function produceRaw(
  topic: string,
  records: readonly RawRecord[],
  brokers?: string,
): Promise<void> {
  const kafka = kafkaClient(brokers);
  // Idempotent: a retry of part of a request must not write the rest of it twice.
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
  const producer = kafka.producer({ createPartitioner, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    const messages = records.map(({ headers = {}, ...record }) => ({ ...record, headers: { ...headers } }));
    await producer.send({ topic, acks: -1, messages });
  } finally {
    await producer.disconnect();
  }
}
