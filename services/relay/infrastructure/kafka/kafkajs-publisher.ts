import type { Message, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import { delay } from "../../../platform/delay.ts";
import type { Publisher } from "../../application/publisher.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";
import { partitionOf } from "./partition-of.ts";
import { toRecord } from "./record.ts";
import {
  createSessionPublisher,
  isRefusal,
  type ProducerSession,
  type PublisherOptions,
} from "./session-publisher.ts";

/**
 * A new idempotent producer with one request in flight, not connected yet. Once `isLive` does not hold any more it is to try nothing
 * again, and not to finish what it has begun to send: a disconnect of kafkajs does neither.
 */
export type CreateProducer = (isLive: () => boolean) => Producer;

/** A disconnect waits for a broker that may not answer. */
const DISCONNECT_MS = 2_000;

/**
 * One `sendBatch` at a time: concurrent sends of kafkajs reorder within a partition even when all goes well. After a rejection the
 * producer is thrown away: kafkajs rolls its sequence numbers back although the broker may have appended, so that the next
 * batch could be dropped as a duplicate and still resolve.
 */
export function createKafkajsPublisher(options: PublisherOptions, createProducer: CreateProducer): Publisher {
  return createSessionPublisher(options, () => openSession(options, createProducer));
}

function openSession(options: PublisherOptions, createProducer: CreateProducer): ProducerSession {
  const { topics, source } = options;
  let live = true;
  const producer = createProducer(() => live);
  async function connect(): Promise<ReadonlyMap<string, number>> {
    const partitions = new Map<string, number>();
    for (const topic of new Set(topics.values())) partitions.set(topic, await options.ensureTopic(topic));
    await producer.connect();
    return partitions;
  }
  const connecting = connect();

  return {
    async send(events) {
      const batch = toTopicMessages(events, topics, await connecting, source);
      try {
        return endOffsets(batch, await producer.sendBatch({ acks: -1, topicMessages: batch }));
      } catch (error) {
        throw refused(error);
      }
    },
    async discard() {
      live = false;
      const done = new AbortController();
      const disconnecting = producer.disconnect().catch(() => {});
      await Promise.race([disconnecting, delay(DISCONNECT_MS, done.signal)]);
      done.abort();
    },
  };
}

function refused(error: unknown): unknown {
  const { type, cause } = error as { type?: unknown; cause?: { type?: unknown } };
  const name = [type, cause?.type].find((each) => isRefusal(String(each)));
  return name === undefined ? error : new RelayError("RECORD_REFUSED", String(name), { cause: error });
}

function toTopicMessages(
  events: readonly OutboxEvent[],
  topics: ReadonlyMap<string, string>,
  partitions: ReadonlyMap<string, number>,
  source: string,
): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const event of events) {
    const topic = topics.get(event.aggregateType) as string;
    let messages = byTopic.get(topic);
    if (!messages) {
      messages = [];
      byTopic.set(topic, messages);
    }
    messages.push({
      ...toRecord(event, source),
      partition: partitionOf(event.key, partitions.get(topic) as number),
    });
  }
  return Array.from(byTopic, ([topic, messages]) => ({ topic, messages }));
}

/** The broker tells the first record's offset per partition (or -1, when it had the batch already). */
function endOffsets(batch: readonly TopicMessages[], acks: readonly RecordMetadata[]): TopicOffsets {
  const offsets: Record<string, Record<string, string>> = {};
  for (const { topicName, partition, baseOffset } of acks) {
    if (baseOffset === undefined || baseOffset.startsWith("-")) continue;
    const messages = batch.find(({ topic }) => topic === topicName)?.messages ?? [];
    const count = messages.reduce((sum, message) => sum + (message.partition === partition ? 1 : 0), 0);
    const partitions = offsets[topicName] ?? {};
    partitions[partition] = String(BigInt(baseOffset) + BigInt(count));
    offsets[topicName] = partitions;
  }
  return offsets;
}
