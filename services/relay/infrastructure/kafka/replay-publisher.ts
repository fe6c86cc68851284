import { ensureTopic, topicExists } from "../../../platform/kafka/ensure-topic.ts";
import { createKafka } from "../../../platform/kafka/kafka-client.ts";
import type { KafkaSecurity } from "../../../platform/kafka/kafka-security.ts";
import type { Logger } from "../../../platform/logger.ts";
import { OperationFailed } from "../../application/operations/operations.ts";
import type { Publisher } from "../../application/publisher.ts";
import { createPublisher } from "./create-publisher.ts";

export interface ReplayPublisherOptions {
  readonly client: Parameters<typeof createPublisher>[0];
  readonly brokers: readonly string[];
  readonly security: KafkaSecurity;
  readonly relay: string;
  readonly topics: ReadonlyMap<string, string>;
  readonly source: string;
  readonly maxEventBytes: number;
  readonly log: Logger;
}

/** The relay's own publisher, but for what a person must not do by mistake: no topic is made. */
export async function openReplayPublisher(options: ReplayPublisherOptions): Promise<Publisher> {
  const { brokers, security, topics, log } = options;
  const clientId = `outbox-replay-${options.relay}`;
  const kafka = createKafka({
    brokers,
    clientId,
    security,
    log,
    retry: { retries: 2, initialRetryTime: 100 },
  });
  for (const topic of new Set(topics.values())) {
    if (await exists(topic)) continue;
    throw new OperationFailed(`there is no topic ${topic}; set RELAY_TOPICS as the relay has it`);
  }
  return createPublisher(options.client, {
    brokers,
    clientId,
    security,
    log,
    mayWrite: () => true,
    topics,
    source: options.source,
    maxEventBytes: options.maxEventBytes,
    // It is there, so that these are not heeded.
    ensureTopic: (topic) => ensureTopic(kafka, { topic, partitions: 1, replicationFactor: -1 }),
    topicExists: (topic) => topicExists(kafka, topic),
  });

  async function exists(topic: string): Promise<boolean> {
    try {
      return await topicExists(kafka, topic);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new OperationFailed(`Kafka at ${brokers.join(",")}: ${said}; start it or correct KAFKA_BROKERS`);
    }
  }
}
