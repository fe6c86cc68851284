import type { Message, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import { delay } from "../../../platform/delay.ts";
import type { Publisher } from "../../application/publisher.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";
import { partitionOf } from "./partition-of.ts";
import { recordHeaders } from "./record.ts";

export interface KafkajsPublisherOptions {
  /**
   * A new idempotent producer with one request in flight, not connected yet. Its partitioner is to call `assertLive` (kafkajs does so
   * before each try), which ends its retries once the producer has been thrown away.
   */
  readonly createProducer: (assertLive: () => void) => Producer;
  /** Aggregate type to topic. */
  readonly topics: ReadonlyMap<string, string>;
  /** Makes the topic if it is missing; returns its number of partitions. */
  readonly ensureTopic: (topic: string) => Promise<number>;
  /** Asked while a batch is not acked: kafkajs would wait for ever for a topic that somebody deleted. */
  readonly topicExists: (topic: string) => Promise<boolean>;
  readonly missingTopicCheckMs?: number;
  /** CloudEvents `source` of every record. */
  readonly source: string;
  /** Larger events are refused without asking the broker, which would close the connection on a request beyond its limit. */
  readonly maxEventBytes: number;
}

/** A producer and what is known when it is connected. */
interface Session {
  readonly producer: Producer;
  readonly partitions: Promise<ReadonlyMap<string, number>>;
  readonly discard: () => Promise<void>;
}

/** A disconnect waits for a broker that may not answer. */
const DISCONNECT_MS = 2_000;

/** Kafka's error codes, by kafkajs' names, that say that the same record will never be taken. */
const REFUSALS = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

/**
 * One `sendBatch` at a time: concurrent sends of kafkajs reorder within a partition even when all goes well. After a rejection the
 * producer is thrown away: kafkajs rolls its sequence numbers back although the broker may have appended, so that the next
 * batch could be dropped as a duplicate and still resolve.
 */
export function createKafkajsPublisher(options: KafkajsPublisherOptions): Publisher {
  const { topics, source, missingTopicCheckMs = 5_000 } = options;
  let session: Session | undefined;

  function openSession(): Session {
    let live = true;
    const producer = options.createProducer(() => {
      if (!live) throw Object.assign(new Error("the producer was thrown away"), { retriable: false });
    });
    async function connect(): Promise<ReadonlyMap<string, number>> {
      const partitions = new Map<string, number>();
      for (const topic of new Set(topics.values())) partitions.set(topic, await options.ensureTopic(topic));
      await producer.connect();
      return partitions;
    }
    return {
      producer,
      partitions: connect(),
      async discard() {
        live = false;
        const done = new AbortController();
        const disconnecting = producer.disconnect().catch(() => {});
        await Promise.race([disconnecting, delay(DISCONNECT_MS, done.signal)]);
        done.abort();
      },
    };
  }

  async function discard(): Promise<void> {
    const discarded = session;
    session = undefined;
    await discarded?.discard();
  }

  async function untilTopicIsMissing(batch: readonly TopicMessages[], signal: AbortSignal): Promise<never> {
    while (!signal.aborted) {
      await delay(missingTopicCheckMs, signal);
      for (const { topic } of signal.aborted ? [] : batch) {
        if (await options.topicExists(topic).catch(() => true)) continue;
        throw new RelayError("TOPIC_MISSING", `topic ${topic} is not there any more`);
      }
    }
    return new Promise(() => {});
  }

  return {
    refusal(event) {
      if (!topics.has(event.aggregateType)) {
        const type = JSON.stringify(event.aggregateType);
        return { reason: "no_topic", detail: `no topic for aggregate_type ${type}; add it to RELAY_TOPICS` };
      }
      if (event.bytes <= options.maxEventBytes) return undefined;
      const detail = `the event has ${event.bytes} bytes; RELAY_MAX_EVENT_BYTES is ${options.maxEventBytes}`;
      return { reason: "too_large", detail };
    },
    async publish(events) {
      session ??= openSession();
      const { producer, partitions } = session;
      const sent = new AbortController();
      try {
        const batch = toTopicMessages(events, topics, await partitions, source);
        const sending = producer.sendBatch({ acks: -1, topicMessages: batch });
        const acks = await Promise.race([sending, untilTopicIsMissing(batch, sent.signal)]);
        return endOffsets(batch, acks);
      } catch (error) {
        await discard();
        throw refused(error);
      } finally {
        sent.abort();
      }
    },
    discard,
  };
}

function refused(error: unknown): unknown {
  const { type, cause } = error as { type?: unknown; cause?: { type?: unknown } };
  const name = [type, cause?.type].find((each) => REFUSALS.has(String(each)));
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
