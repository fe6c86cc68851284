import type { OutboxEvent } from "../../domain/outbox-event.ts";

/** Which transaction wrote the event (xid8): consumers may group by it, and the relay finds its own records again by it. */
export const TRANSACTION_ID_HEADER = "ce_transactionid";

/** Marks a record that a person had published once more, with the id of that replay. */
export const REPLAY_HEADER = "ce_replayid";

export interface EventRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Record<string, Buffer | string>;
}

export function toRecord(event: OutboxEvent, source: string): EventRecord {
  return { key: event.key, value: event.payload, headers: recordHeaders(event, source) };
}

/**
 * The headers of an event's Kafka record: CloudEvents 1.0 in binary mode (Kafka protocol binding,
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md, section 3.2), with the aggregate's
 * type and version and the transaction as extension attributes, and the outbox row's own headers (such as `traceparent`) passed on. Where
 * a row's header has the name of one of ours, ours stands.
 */
export function recordHeaders(event: OutboxEvent, source: string): EventRecord["headers"] {
  // In one literal: an object that grows by a property at a time takes three times the memory.
  const headers = {
    ce_specversion: "1.0",
    ce_id: event.id,
    ce_source: source,
    ce_type: event.eventType,
    ce_subject: event.key,
    ce_time: rfc3339(event.createdAt),
    ce_aggregatetype: event.aggregateType,
    ce_aggregateversion: event.aggregateVersion,
    [TRANSACTION_ID_HEADER]: event.transactionId,
    "content-type": "application/json",
  };
  const all = event.headers === "{}" ? headers : passOn(event.headers, headers);
  return event.replay === undefined ? all : replayed(all, event.replay);
}

/** Without the transaction, by which the relay finds its own records: what it has to publish, no replay stands in for. */
function replayed(headers: EventRecord["headers"], replay: string): EventRecord["headers"] {
  const { [TRANSACTION_ID_HEADER]: _, ...rest } = headers;
  return { ...rest, [REPLAY_HEADER]: replay };
}

/** Adds a row's headers: strings as they are; null is left out; numbers keep the digits they were written with; the rest as JSON. */
function passOn(json: string, headers: EventRecord["headers"]): EventRecord["headers"] {
  const row = parseHeaders(json);
  for (const name in row) {
    const value = row[name];
    if (value === null || Object.hasOwn(headers, name)) continue;
    headers[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return headers;
}

/** Nearly always they are strings alone; a parser that is to tell of each number's digits takes five times as long. */
function parseHeaders(json: string): Record<string, unknown> {
  const row = JSON.parse(json) as Record<string, unknown>;
  for (const name in row) if (typeof row[name] !== "string") return parseExactly(json);
  return row;
}

function parseExactly(json: string): Record<string, unknown> {
  return JSON.parse(json, (_name, value, context?: { source?: string }) =>
    typeof value === "number" ? (context?.source ?? String(value)) : value,
  );
}

/** `2026-11-24 08:00:00.123456+00` to `2026-11-24T08:00:00.123456Z`: no digit is lost. */
export function rfc3339(timestamptz: string): string {
  return timestamptz.replace(" ", "T").replace(/\+00(:00)?$/, "Z");
}
