import { isSampled, traceIdOf } from "../../../platform/tracing/trace-context.ts";
import { errorType, type Span, type Tracer } from "../../../platform/tracing/tracer.ts";
import type { ConsumedRecord } from "../../application/consumed-record.ts";
import type { DeadLetterTopic } from "../../application/dead-letter-topic.ts";
import type { OrderProjection } from "../../application/order-projection.ts";
import type { ReadEvent } from "../../application/read-event.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import { recordTrace } from "./record-trace.ts";

interface RecordPorts {
  readonly readEvent: ReadEvent;
  readonly projection: OrderProjection;
  readonly deadLetters: DeadLetterTopic;
}

export interface TracedRecords {
  readonly ports: RecordPorts;
  /** For the log; undefined for an event whose trace is not collected. */
  traceIdOf(event: OrderEvent): string | undefined;
}

/**
 * The ports through which each record goes, with a span for those whose traces are collected: one from the record's reading to its
 * effect, whose parent is what the record's headers name, and one for each try to bring that to Redis. A span that is not ended, because a
 * stop came between, is nowhere kept; the record comes again, and has another. While nobody collects traces these are
 * the very ports that were given.
 */
export function traceRecords(ports: RecordPorts, tracer: Tracer, group: string): TracedRecords {
  if (!tracer.isOn) return { ports, traceIdOf: () => undefined };
  const { readEvent, projection, deadLetters } = ports;
  const ofEvents = new WeakMap<OrderEvent, Span>();
  const ofLetters = new WeakMap<ConsumedRecord, Span>();

  function begin({ topic, partition, offset, headers, key }: ConsumedRecord): Span | undefined {
    const parent = recordTrace(headers);
    if (!parent || !isSampled(parent)) return undefined;
    return tracer.startSpan(`process ${topic}`, {
      kind: "consumer",
      parent,
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.consumer.group.name": group,
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": String(partition),
        "messaging.kafka.offset": Number(offset),
        "messaging.kafka.message.key": key?.toString(),
      },
    });
  }

  function beginEffect(span: Span | undefined, batchSize: number): Span | undefined {
    return (
      span &&
      tracer.startSpan("EVALSHA apply-order-events", {
        kind: "client",
        parent: span.trace,
        attributes: {
          "db.system.name": "redis",
          "db.operation.name": "EVALSHA",
          "db.operation.batch.size": batchSize,
        },
      })
    );
  }

  const traced: RecordPorts = {
    readEvent(record) {
      const span = begin(record);
      if (!span) return readEvent(record);
      try {
        const event = readEvent(record);
        span.setAttributes({ "messaging.message.id": event.id });
        ofEvents.set(event, span);
        return event;
      } catch (error) {
        ofLetters.set(record, span);
        throw error;
      }
    },
    projection: {
      async apply(events) {
        const effects = events.map((event) => beginEffect(ofEvents.get(event), events.length));
        try {
          const results = await projection.apply(events);
          events.forEach((event, i) => {
            effects[i]?.end();
            const span = ofEvents.get(event);
            span?.setAttributes({ "projector.outcome": results[i]?.outcome });
            span?.end();
          });
          return results;
        } catch (error) {
          for (const effect of effects) {
            effect?.fail(errorType(error));
            effect?.end();
          }
          throw error;
        }
      },
    },
    deadLetters: {
      async publish(letters) {
        await deadLetters.publish(letters);
        for (const { record, reason } of letters) {
          const span = ofLetters.get(record);
          span?.addEvent("dead letter", { reason });
          span?.fail(reason);
          span?.end();
        }
      },
    },
  };
  return { ports: traced, traceIdOf: (event) => traceIdOf(ofEvents.get(event)?.trace) };
}
