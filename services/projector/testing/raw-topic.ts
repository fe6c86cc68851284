import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import kafkajs, { type KafkaMessage } from "kafkajs";
import { kafkaBrokers } from "../../../test/support/kafka.ts";

/** The first `count` records with every byte as it is: tombstones too, and headers that are not text. */
export async function readRaw(topic: string, count: number): Promise<readonly KafkaMessage[]> {
  const kafka = new kafkajs.Kafka({ brokers: kafkaBrokers(), logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const records: KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: KafkaMessage }) => {
        records.push(message);
        if (records.length === count) resolve();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
    return records;
  } finally {
    await consumer.disconnect();
  }
}

/** Produces a record with a header that has no value at all: kafkajs cannot. */
export async function produceWithNullHeader(topic: string, header: string, value: string): Promise<void> {
  const kcat = spawn("kcat", ["-P", "-b", kafkaBrokers().join(), "-t", topic, "-H", header], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  kcat.stdin.end(value);
  const [code] = await once(kcat, "close");
  if (code !== 0) throw new Error(`kcat ended with ${code}`);
}
