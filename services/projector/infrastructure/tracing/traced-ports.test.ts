import { expect, test } from "vitest";
import { recordingTracer } from "../../../platform/testing/recorded-spans.ts";
import { noTracer, type Tracer } from "../../../platform/tracing/tracer.ts";
import type { ConsumedRecord } from "../../application/consumed-record.ts";
import { UnreadableRecord } from "../../application/unreadable-record.ts";
import { consumed, orderCreated } from "../../testing/records.ts";
import { readOrderEvent } from "../cloudevents/read-order-event.ts";
import { recordTrace } from "./record-trace.ts";
import { traceRecords } from "./traced-ports.ts";

const orderId = "0198c0de-0000-7000-8000-000000000001";
const eventId = "0198c0de-0000-7000-8000-000000000002";
const traceId = "0af7651916cd43dd8448eb211c80319c";

function record(headers: Record<string, string> = {}): ConsumedRecord {
  const created = orderCreated({ orderId, eventId });
  return consumed({ ...created, headers: { ...created.headers, ...headers } }, "42");
}

/** The ports over a Redis that fails so often, and then shows every event. */
function tracedPorts(tracer: Tracer, failures = 0) {
  let left = failures;
  return traceRecords(
    {
      readEvent: readOrderEvent,
      projection: {
        async apply(events) {
          left -= 1;
          if (left >= 0) throw new Error("away");
          return events.map(() => ({ outcome: "applied", previousVersion: 0n }));
        },
      },
      deadLetters: { publish: async () => {} },
    },
    tracer,
    "a group",
  );
}

test("a record's span is a part of the trace that its headers name, and the effect in Redis a part of it", async () => {
  const tracer = recordingTracer();
  const { ports, traceIdOf } = tracedPorts(tracer);
  const event = ports.readEvent(record());
  expect(traceIdOf(event)).toBe(traceId);
  await ports.projection.apply([event]);
  const [effect, process] = tracer.spans();
  expect(process).toMatchObject({
    name: "process orders-events",
    kind: "CONSUMER",
    traceId,
    parentId: "b7ad6b7169203331",
    failed: false,
    attributes: {
      "messaging.consumer.group.name": "a group",
      "messaging.destination.partition.id": "0",
      "messaging.kafka.offset": 42,
      "messaging.message.id": eventId,
      "projector.outcome": "applied",
    },
  });
  expect(effect).toMatchObject({ kind: "CLIENT", traceId, parentId: process?.spanId, failed: false });
});

test("each try to reach Redis is a span of its own, and the record's lasts until one succeeds", async () => {
  const tracer = recordingTracer();
  const { projection, readEvent } = tracedPorts(tracer, 2).ports;
  const event = readEvent(record());
  for (let tries = 0; tries < 3; tries++) await projection.apply([event]).catch(() => {});
  expect(tracer.spans().map(({ kind, failed }) => [kind, failed])).toEqual([
    ["CLIENT", true],
    ["CLIENT", true],
    ["CLIENT", false],
    ["CONSUMER", false],
  ]);
});

test("a record that cannot be understood fails its span, once it is among the dead letters", async () => {
  const tracer = recordingTracer();
  const { readEvent, deadLetters } = tracedPorts(tracer).ports;
  const unreadable = record({ ce_type: "Nobody" });
  expect(() => readEvent(unreadable)).toThrow(UnreadableRecord);
  expect(tracer.spans()).toEqual([]);
  await deadLetters.publish([{ record: unreadable, reason: "unknown_type", message: "planted" }]);
  expect(tracer.spans()).toMatchObject([
    { events: ["dead letter"], failed: true, attributes: { "error.type": "unknown_type" } },
  ]);
});

test("a trace that nobody collects makes no span, and its events are projected all the same", async () => {
  const tracer = recordingTracer();
  const { ports, traceIdOf } = tracedPorts(tracer);
  const event = ports.readEvent(record({ traceparent: `00-${traceId}-b7ad6b7169203331-00` }));
  expect(await ports.projection.apply([event])).toMatchObject([{ outcome: "applied" }]);
  expect([tracer.spans(), traceIdOf(event)]).toEqual([[], undefined]);
});

test("while nobody collects traces the ports are the very ones that were given", () => {
  const given = {} as never as Parameters<typeof traceRecords>[0];
  expect(traceRecords(given, noTracer, "a group").ports).toBe(given);
});

test("headers that are missing or come twice name no trace", () => {
  expect(recordTrace(record({ tracestate: "vendor=1" }).headers)).toEqual({
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    tracestate: "vendor=1",
  });
  expect(recordTrace(consumed({ key: null, value: null, headers: {} }).headers)).toBeUndefined();
});
