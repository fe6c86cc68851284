import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { TopicOffsets } from "../domain/topic-offsets.ts";

/** Port: sends events to Kafka, one batch at a time. */
export interface Publisher {
  /** Connects and makes missing topics, ahead of the first `publish`, which does so as well. */
  prepare(): Promise<void>;
  /**
   * Resolves when all in-sync replicas have every record, in the order given per key, with the offsets after the records of this
   * batch (a partition whose offset the broker did not tell is left out). After a rejection any part of the batch may
   * be on Kafka; calling again with the same events is the way on.
   */
  publish(events: readonly OutboxEvent[]): Promise<TopicOffsets>;
}
