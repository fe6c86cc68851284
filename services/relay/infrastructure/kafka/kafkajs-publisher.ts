import type { Message, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import type { Publisher } from "../../application/publisher.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";
import { partitionOf } from "./partition-of.ts";
import { recordHeaders } from "./record.ts";

export interface KafkajsPublisherOptions {
  /** A new idempotent producer with one request in flight, not connected yet. */
  readonly createProducer: () => Producer;
  /** Aggregate type to topic. */
  readonly topics: ReadonlyMap<string, string>;
  /** Makes the topic if it is missing; returns its number of partitions. */
  readonly ensureTopic: (topic: string) => Promise<number>;
  /** CloudEvents `source` of every record. */
  readonly source: string;
}

export interface KafkajsPublisher extends Publisher {
  /** Idempotent; a batch in flight may end either way. */
  close(): Promise<void>;
}

interface Session {
  readonly producer: Producer;
  readonly partitions: ReadonlyMap<string, number>;
}

/**
 * One `sendBatch` at a time: concurrent sends of kafkajs reorder within a partition even when all goes well. After a rejection the
 * producer is thrown away: kafkajs rolls its sequence numbers back although the broker may have appended, so that the next
 * batch could be dropped as a duplicate and still resolve.
 */
export function createKafkajsPublisher(options: KafkajsPublisherOptions): KafkajsPublisher {
  const { topics, source } = options;
  let session: Promise<Session> | undefined;

  function connected(): Promise<Session> {
    session ??= connect().catch((error) => {
      session = undefined;
      throw error;
    });
    return session;
  }

  async function connect(): Promise<Session> {
    const partitions = new Map<string, number>();
    for (const topic of new Set(topics.values())) partitions.set(topic, await options.ensureTopic(topic));
    const producer = options.createProducer();
    await producer.connect();
    return { producer, partitions };
  }

  async function discard(): Promise<void> {
    const discarded = session;
    session = undefined;
    await discarded?.then(({ producer }) => producer.disconnect()).catch(() => {});
  }

  function topicOf(event: OutboxEvent): string {
    const topic = topics.get(event.aggregateType);
    if (topic !== undefined) return topic;
    const type = JSON.stringify(event.aggregateType);
    throw new RelayError("UNROUTABLE_EVENT", `no topic for aggregate_type ${type}; add it to RELAY_TOPICS`);
  }

  return {
    async prepare() {
      await connected();
    },
    async publish(events) {
      const { producer, partitions } = await connected();
      const batch = toTopicMessages(events, topicOf, partitions, source);
      try {
        const acks = await producer.sendBatch({ acks: -1, topicMessages: batch });
        return endOffsets(batch, acks);
      } catch (error) {
        await discard();
        throw error;
      }
    },
    close: discard,
  };
}

function toTopicMessages(
  events: readonly OutboxEvent[],
  topicOf: (event: OutboxEvent) => string,
  partitions: ReadonlyMap<string, number>,
  source: string,
): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const event of events) {
    const topic = topicOf(event);
    let messages = byTopic.get(topic);
    if (!messages) {
      messages = [];
      byTopic.set(topic, messages);
    }
    messages.push({
      key: event.key,
      value: event.payload,
      partition: partitionOf(event.key, partitions.get(topic) as number),
      headers: recordHeaders(event, source),
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
