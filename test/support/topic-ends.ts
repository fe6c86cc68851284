import { withAdmin } from "./kafka-client.ts";

/** Behind the last record of each partition that has any. */
export type TopicEnds = ReadonlyMap<number, number>;

/** Rejects when there is no such topic. */
export async function readTopicEnds(topic: string, brokers: string): Promise<TopicEnds> {
  const retry = { retries: 2, initialRetryTime: 100 };
  const offsets = await withAdmin((admin) => admin.fetchTopicOffsets(topic), { brokers, retry });
  return new Map(
    offsets.flatMap(({ partition, low, high }) => (low === high ? [] : [[partition, Number(high)] as const])),
  );
}
