/**
 * An outbox row on its way to Kafka. Text columns keep the exact form in which Postgres prints them; nothing is parsed that
 * the relay does not need, so nothing can be rounded or reordered.
 */
export interface OutboxEvent {
  readonly position: string;
  readonly id: string;
  /** Top-level transaction that wrote the row (xid8, decimal). */
  readonly transactionId: string;
  readonly aggregateType: string;
  /** `aggregate_id` in UTF-8: the record key. */
  readonly key: Buffer;
  readonly aggregateVersion: string;
  readonly eventType: string;
  /** The jsonb payload in UTF-8, byte for byte as Postgres sends it. */
  readonly payload: Buffer;
  /** The jsonb headers as text: an object. */
  readonly headers: string;
  /** As Postgres prints a timestamptz under DateStyle ISO and time zone UTC. */
  readonly createdAt: string;
  /** What the event takes up in memory, roughly: it counts against the byte limits. */
  readonly bytes: number;
  /** The id of the replay that it is published once more for; undefined for what the relay itself publishes. */
  readonly replay?: string;
}

/** What an event takes up beside its key, payload and headers. */
export const EVENT_OVERHEAD_BYTES = 512;
