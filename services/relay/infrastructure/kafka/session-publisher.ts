import { delay } from "../../../platform/delay.ts";
import type { KafkaSecurity } from "../../../platform/kafka/kafka-security.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Publisher } from "../../application/publisher.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";

/** What both clients are told. */
export interface PublisherOptions {
  /** Aggregate type to topic. */
  readonly topics: ReadonlyMap<string, string>;
  /** CloudEvents `source` of every record. */
  readonly source: string;
  /** Larger events are refused without asking the broker, which would close the connection on a request beyond its limit. */
  readonly maxEventBytes: number;
  /** Makes the topic if it is missing; returns its number of partitions. */
  readonly ensureTopic: (topic: string) => Promise<number>;
  /** Asked while a batch is not acked: a client would wait for ever for a topic that somebody deleted. */
  readonly topicExists: (topic: string) => Promise<boolean>;
  readonly missingTopicCheckMs?: number;
}

/** How a client reaches the brokers. */
export interface ProducerConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly security: KafkaSecurity;
  readonly log: Logger;
  /** Asked before each piece of a request. */
  readonly mayWrite: () => boolean;
  /** Told of each try that failed, also of those that are tried again. */
  readonly onFailedTry?: (error: unknown) => void;
}

/** A producer from its first batch to its first rejection: it may send a batch again, but only with the same sequence numbers. */
export interface ProducerSession {
  /**
   * Resolves when all is acked.
   * @throws RelayError RECORD_REFUSED when the broker answers with an error that `isRefusal`.
   */
  send(events: readonly OutboxEvent[]): Promise<TopicOffsets>;
  /** Ends all sending, also of what is being tried again. Never rejects. */
  discard(): Promise<void>;
}

/** Kafka's error codes, by name, that say that the same record will never be taken. */
const REFUSALS = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

export function isRefusal(errorName: string): boolean {
  return REFUSALS.has(errorName);
}

/**
 * Brokers forget a producer that wrote nothing for a day (producer.id.expiration.ms), and would then take what they have already a
 * second time: long before, the topic is to be asked.
 */
const RETRIED_AT_MOST_MS = 3_600_000;

/** Publishes through one session after the other: after a rejection nobody knows what a producer has written. */
export function createSessionPublisher(
  options: PublisherOptions,
  openSession: () => ProducerSession,
): Publisher {
  const { topics, maxEventBytes, missingTopicCheckMs = 5_000 } = options;
  let session: ProducerSession | undefined;
  let callOff = (_reason: unknown): void => {};

  /** Rejects when it is of no use to wait for acks any longer. */
  async function watch(events: readonly OutboxEvent[], signal: AbortSignal): Promise<void> {
    const hopelessAt = performance.now() + RETRIED_AT_MOST_MS;
    while (performance.now() < hopelessAt) {
      await delay(missingTopicCheckMs, signal);
      if (signal.aborted) return;
      for (const topic of new Set(events.map(({ aggregateType }) => topics.get(aggregateType) as string))) {
        if (await options.topicExists(topic).catch(() => true)) continue;
        throw new RelayError("TOPIC_MISSING", `topic ${topic} is not there any more`);
      }
    }
    throw new Error(`not acked within ${RETRIED_AT_MOST_MS / 60_000} minutes`);
  }

  return {
    refusal({ aggregateType, bytes }) {
      if (!topics.has(aggregateType)) {
        const type = JSON.stringify(aggregateType);
        return { reason: "no_topic", detail: `no topic for aggregate_type ${type}; add it to RELAY_TOPICS` };
      }
      if (bytes <= maxEventBytes) return undefined;
      const detail = `the event has ${bytes} bytes; RELAY_MAX_EVENT_BYTES is ${maxEventBytes}`;
      return { reason: "too_large", detail };
    },
    async publish(events) {
      session ??= openSession();
      const current = session;
      const settled = new AbortController();
      const calledOff = Promise.withResolvers<never>();
      callOff = calledOff.reject;
      watch(events, settled.signal).catch(callOff);
      try {
        return await Promise.race([current.send(events), calledOff.promise]);
      } catch (error) {
        if (session === current) session = undefined;
        await current.discard();
        throw error;
      } finally {
        settled.abort();
      }
    },
    async discard() {
      const discarded = session;
      session = undefined;
      await discarded?.discard();
      callOff(new Error("the producer was thrown away"));
    },
  };
}
