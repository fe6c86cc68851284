import { errorType, type Span, type Tracer } from "../../../platform/tracing/tracer.ts";
import type { RefusalReason } from "../../application/publisher.ts";
import { looksSampled, sampledTrace } from "../../application/row-trace.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";

/** Of one batch: a trace in which all events of a busy second are is not looked at, and spans cost more than the sending. */
const MAX_SPANS_PER_BATCH = 100;

/** The spans of events whose traces are collected, from their commits until they are on Kafka or among the dead letters. */
export interface SendSpans {
  /** The event was committed then, in ms since 1970, and read from the WAL; what is read from the table has its own time only. */
  committed(event: OutboxEvent, committedAt: number): void;
  /** All are sent now, for the first time or again. */
  sending(events: readonly OutboxEvent[]): void;
  /** Any of them may be on Kafka. */
  failed(events: readonly OutboxEvent[], error: unknown): void;
  acked(events: readonly OutboxEvent[]): void;
  /** Without a reason it waits behind a dead letter. */
  parked(event: OutboxEvent, reason: RefusalReason | undefined): void;
  /** Nobody sends anything of it any more. */
  abandoned(): void;
}

/**
 * One span per event, not per batch: a batch has events of many traces. Its parent is the span that wrote the row. The record
 * keeps the row's own context, so it is the same whichever leader sends it, and however often; so by the messaging conventions
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#span-kind) this is a client's span, not a producer's.
 */
export function createSendSpans(tracer: Tracer, topicOf: ReadonlyMap<string, string>): SendSpans {
  const commits = new WeakMap<OutboxEvent, number>();
  /** Of the batch that is being delivered. */
  const open = new Map<OutboxEvent, Span>();
  /** A batch of which a part may be on Kafka; all that is sent of it again is a part of this one. */
  let uncertain: { readonly events: ReadonlySet<OutboxEvent>; readonly since: number } | undefined;

  function begin(event: OutboxEvent, batchSize: number): Span | undefined {
    const parent = sampledTrace(event.headers);
    if (!parent) return undefined;
    const committedAt = commits.get(event);
    const topic = topicOf.get(event.aggregateType) ?? "unknown";
    return tracer.startSpan(`send ${topic}`, {
      kind: "client",
      parent,
      startTime: committedAt ?? (Date.parse(event.createdAt) || Date.now()),
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.destination.name": topic,
        "messaging.message.id": event.id,
        "messaging.kafka.message.key": event.key.toString(),
        "outbox.mode": committedAt === undefined ? "polling" : "cdc",
        "outbox.position": event.position,
        "outbox.batch.size": batchSize,
      },
    });
  }

  /** What was neither sent again nor parked was found on the topic: the failure was the answer's, not the sending's. */
  function endFound(): void {
    for (const span of open.values()) {
      span.addEvent("found on the topic");
      span.end(uncertain?.since);
    }
    open.clear();
    uncertain = undefined;
  }

  return {
    committed(event, committedAt) {
      if (looksSampled(event.headers)) commits.set(event, committedAt);
    },
    sending(events) {
      const [first] = events;
      if (uncertain && first && !uncertain.events.has(first)) endFound();
      let skipped = 0;
      for (const event of events) {
        let span = open.get(event);
        if (!span && open.size >= MAX_SPANS_PER_BATCH) {
          if (looksSampled(event.headers)) skipped += 1;
          continue;
        }
        span ??= begin(event, events.length);
        if (!span) continue;
        open.set(event, span);
        span.addEvent("sending");
      }
      if (skipped > 0) tracer.skipped(skipped);
    },
    failed(events, error) {
      // All of a batch, when a half of it fails again.
      const whole = uncertain?.events ?? new Set(events);
      uncertain = { events: whole, since: Date.now() };
      for (const event of events) open.get(event)?.addEvent("failed", { "error.type": errorType(error) });
    },
    acked(events) {
      if (open.size === 0) return;
      for (const event of events) {
        open.get(event)?.end();
        open.delete(event);
      }
    },
    parked(event, reason) {
      const span = open.get(event) ?? begin(event, 1);
      open.delete(event);
      if (!span) return;
      if (reason === undefined) span.addEvent("waits behind a dead letter");
      else {
        span.addEvent("dead letter", { reason });
        span.fail(reason);
      }
      span.end();
    },
    abandoned() {
      for (const span of open.values()) {
        span.fail("abandoned");
        span.end();
      }
      open.clear();
      uncertain = undefined;
    },
  };
}
