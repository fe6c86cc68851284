import type { Kafka } from "kafkajs";
import type { PartitionEnds } from "./tail-range.ts";

/** Where each partition of the topic begins and ends now. Rejects when the brokers cannot be asked. */
export async function partitionEnds(kafka: Pick<Kafka, "admin">, topic: string): Promise<PartitionEnds[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions
      .map(({ partition, low, high }) => ({ topic, partition, begin: BigInt(low), end: BigInt(high) }))
      .sort((a, b) => a.partition - b.partition);
  } finally {
    await admin.disconnect();
  }
}
