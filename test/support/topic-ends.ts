import kafkajs from "kafkajs";

/** Behind the last record of each partition that has any. */
export type TopicEnds = ReadonlyMap<number, number>;

/** Rejects when there is no such topic. */
export async function readTopicEnds(topic: string, brokers: string): Promise<TopicEnds> {
  const kafka = new kafkajs.Kafka({
    brokers: brokers.split(","),
    clientId: "test",
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 2, initialRetryTime: 100 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets.flatMap(({ partition, low, high }) =>
        low === high ? [] : [[partition, Number(high)] as const],
      ),
    );
  } finally {
    await admin.disconnect();
  }
}
