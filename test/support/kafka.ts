import { randomBytes } from "node:crypto";
import kafkajs from "kafkajs";
import { testServers } from "./servers.ts";

export { type KafkaRecord, readToEnd, readTopic } from "./kcat.ts";

export function kafkaBrokers(): string[] {
  return testServers().kafkaBrokers.split(",");
}

export function uniqueTopic(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString("hex")}`;
}

/** Creates the topic and waits until its partitions have leaders. */
export async function createTopic({
  topic,
  partitions,
}: {
  topic: string;
  partitions: number;
}): Promise<void> {
  await withClient(async (kafka) => {
    const admin = kafka.admin();
    await admin.connect();
    try {
      await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
    } finally {
      await admin.disconnect();
    }
  });
}

export interface RawRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  readonly partition?: number;
}

/** Sends the records in this order, as they are. */
export async function produceRaw(topic: string, records: readonly RawRecord[]): Promise<void> {
  await withClient(async (kafka) => {
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    try {
      const messages = records.map(({ headers = {}, ...record }) => ({ ...record, headers: { ...headers } }));
      await producer.send({ topic, acks: -1, messages });
    } finally {
      await producer.disconnect();
    }
  });
}

async function withClient(work: (kafka: kafkajs.Kafka) => Promise<void>): Promise<void> {
  await work(
    new kafkajs.Kafka({ brokers: kafkaBrokers(), clientId: "test", logLevel: kafkajs.logLevel.NOTHING }),
  );
}
