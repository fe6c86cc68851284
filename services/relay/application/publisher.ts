import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { TopicOffsets } from "../domain/topic-offsets.ts";

/** Port: sends events to Kafka, one batch at a time. */
export interface Publisher {
  /** Why this event can never be sent, as far as can be told without sending it. */
  refusal(event: OutboxEvent): Refusal | undefined;
  /**
   * Resolves when all in-sync replicas have every record, in the order given per key, with the offsets after the records of this
   * batch (a partition whose offset the broker did not tell is left out). After a rejection any part of the batch may
   * be on Kafka.
   * @throws RelayError RECORD_REFUSED when the broker will never take one of the records, whichever it is.
   */
  publish(events: readonly OutboxEvent[]): Promise<TopicOffsets>;
  /** Stops all sending at once; the next `publish` starts afresh. */
  discard(): Promise<void>;
}

export interface Refusal {
  /** A metric's label and a column: a handful of values. */
  readonly reason: RefusalReason;
  /** For people: what is wrong, and what helps. */
  readonly detail: string;
}

export const refusalReasons = ["no_topic", "too_large", "refused_by_broker"] as const;
export type RefusalReason = (typeof refusalReasons)[number];
