import type { OutboxColumn } from "../../domain/outbox-columns.ts";
import { EVENT_OVERHEAD_BYTES, type OutboxEvent } from "../../domain/outbox-event.ts";

/** An outbox row by SQL, every value as the text that Postgres sends: nothing is parsed, so nothing is rounded. */
export type OutboxRow = Readonly<Record<OutboxColumn, string>>;

/** For queries whose rows are to be `OutboxRow`s. */
export const asText = { getTypeParser: () => (text: string) => text };

export function toEvent(row: OutboxRow): OutboxEvent {
  const key = Buffer.from(row.aggregate_id);
  const payload = Buffer.from(row.payload);
  return {
    position: row.position,
    id: row.id,
    transactionId: row.transaction_id,
    aggregateType: row.aggregate_type,
    key,
    aggregateVersion: row.aggregate_version,
    eventType: row.event_type,
    payload,
    headers: row.headers,
    createdAt: row.created_at,
    bytes: EVENT_OVERHEAD_BYTES + key.length + payload.length + row.headers.length,
  };
}
