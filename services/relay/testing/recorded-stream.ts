import type { EventStream, OpenStream, StreamSink } from "../application/event-stream.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { createReplicationStream } from "../infrastructure/postgres/replication-stream.ts";

export interface RecordedTransaction {
  readonly commitLsn: bigint;
  endLsn: bigint;
  readonly events: OutboxEvent[];
}

/** A real stream whose transactions are only written down: nothing is confirmed but what the test confirms. */
export interface RecordedStream {
  readonly stream: OpenStream;
  /** Complete transactions with events. */
  readonly transactions: RecordedTransaction[];
  readonly events: OutboxEvent[];
  readonly keepalives: bigint[];
}

export const outboxTable = { schema: "public", name: "outbox" };

export function openRecordedStream(
  options: { readonly databaseUrl: string; readonly slot: string; readonly publication?: string },
  onEvent?: (event: OutboxEvent) => void,
): Promise<RecordedStream> {
  const stream = createReplicationStream({
    relay: "test",
    publication: "outbox",
    table: outboxTable,
    ...options,
  });
  return recordStream(stream, onEvent);
}

/** Opens the stream and writes down what comes. */
export async function recordStream(
  eventStream: EventStream,
  onEvent: (event: OutboxEvent) => void = () => {},
): Promise<RecordedStream> {
  const transactions: RecordedTransaction[] = [];
  const events: OutboxEvent[] = [];
  const keepalives: bigint[] = [];
  let open: RecordedTransaction | undefined;
  const sink: StreamSink = {
    begin(commitLsn) {
      open = { commitLsn, endLsn: 0n, events: [] };
    },
    described() {},
    event(event) {
      open?.events.push(event);
      events.push(event);
      onEvent(event);
    },
    tick() {},
    commit(endLsn) {
      if (!open) return;
      open.endLsn = endLsn;
      if (open.events.length > 0) transactions.push(open);
    },
    keepalive: (walEnd) => keepalives.push(walEnd),
  };
  const stream = await eventStream.open(sink);
  return { stream, transactions, events, keepalives };
}
