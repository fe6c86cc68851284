import { expect, test } from "vitest";
import { type RecordedTracer, recordingTracer } from "../../../platform/testing/recorded-spans.ts";
import { noTracer } from "../../../platform/tracing/tracer.ts";
import type { StreamSink } from "../../application/event-stream.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { outboxEvent } from "../../testing/events.ts";
import { traceEvents } from "./traced-ports.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const rowOf = (flags: string) => `{"traceparent": "00-${traceId}-${parentId}-${flags}"}`;
const sampled = (over: Partial<OutboxEvent> = {}) => outboxEvent({ headers: rowOf("01"), ...over });

type Answer = "ack" | Error;

/** The ports over a broker that answers as the script says. */
function tracedPorts(tracer: RecordedTracer, answers: Answer[] = []) {
  let sink: StreamSink | undefined;
  const ports = traceEvents(
    {
      stream: {
        async open(given) {
          sink = given;
          return {} as never;
        },
      },
      publisher: {
        refusal: () => undefined,
        async publish() {
          const answer = answers.shift() ?? "ack";
          if (answer !== "ack") throw answer;
          return {};
        },
        discard: async () => {},
      },
      deadLetters: { park: async () => {} } as never,
    },
    tracer,
    new Map([["order", "orders-events"]]),
  );
  const fromWal = async (event: OutboxEvent, committedAt: number) => {
    const received: OutboxEvent[] = [];
    await ports.stream.open({
      begin() {},
      event: (each: OutboxEvent) => void received.push(each),
    } as unknown as StreamSink);
    sink?.begin(1n, committedAt, 1);
    sink?.event(event);
    expect(received).toEqual([event]);
  };
  return { ...ports, fromWal };
}

test("an event's span begins at its commit, ends at the ack, and is a part of the trace of its row", async () => {
  const tracer = recordingTracer();
  const { publisher, fromWal } = tracedPorts(tracer);
  const event = sampled();
  const committedAt = Date.now() - 5_000;
  await fromWal(event, committedAt);
  await publisher.publish([event, outboxEvent()]);
  const [span, ...others] = tracer.spans();
  expect(others).toEqual([]);
  expect(span).toMatchObject({
    name: "send orders-events",
    kind: "CLIENT",
    traceId,
    parentId,
    startTime: committedAt,
    events: ["sending"],
    failed: false,
    attributes: {
      "messaging.destination.name": "orders-events",
      "messaging.message.id": event.id,
      "outbox.mode": "cdc",
      "outbox.batch.size": 2,
    },
  });
  expect((span?.endTime ?? 0) - committedAt).toBeGreaterThanOrEqual(5_000);
});

test("what is read from the table has the time at which it was written", async () => {
  const tracer = recordingTracer();
  await tracedPorts(tracer).publisher.publish([sampled({ createdAt: "2026-11-24 08:00:00.123456+00" })]);
  expect(tracer.spans()).toMatchObject([
    { startTime: Date.parse("2026-11-24T08:00:00.123Z"), attributes: { "outbox.mode": "polling" } },
  ]);
});

test("a trace that nobody collects, and headers without one, make no span", async () => {
  const tracer = recordingTracer();
  await tracedPorts(tracer).publisher.publish([
    outboxEvent({ headers: rowOf("00") }),
    outboxEvent({ headers: '{"traceparent": "00-nonsense-01"}' }),
    outboxEvent(),
  ]);
  expect(tracer.spans()).toEqual([]);
});

test("a batch that is sent again is one span with each try, whatever was found on the topic in between", async () => {
  const tracer = recordingTracer();
  const { publisher } = tracedPorts(tracer, [new Error("no answer"), new Error("no answer"), "ack", "ack"]);
  const [found, again, next] = [sampled({ id: "found" }), sampled({ id: "again" }), sampled({ id: "next" })];
  await expect(publisher.publish([found, again])).rejects.toThrow("no answer");
  await expect(publisher.publish([again])).rejects.toThrow("no answer");
  await publisher.publish([again]);
  await publisher.publish([next]);
  const events = Object.fromEntries(
    tracer.spans().map((span) => [span.attributes["messaging.message.id"], span.events]),
  );
  expect(events).toEqual({
    again: ["sending", "failed", "sending", "failed", "sending"],
    found: ["sending", "failed", "found on the topic"],
    next: ["sending"],
  });
});

test("a dead letter fails its span with the reason; what waits behind it is no failure", async () => {
  const tracer = recordingTracer();
  const { publisher, deadLetters } = tracedPorts(tracer, [new Error("too large")]);
  const [refused, waiting] = [sampled(), sampled()];
  await expect(publisher.publish([refused])).rejects.toThrow("too large");
  const refusal = { reason: "too_large", detail: "for people" } as const;
  await deadLetters.park(
    [
      { event: refused, refusal },
      { event: waiting, refusal: undefined },
    ],
    1n,
  );
  expect(tracer.spans()).toMatchObject([
    { events: ["sending", "failed", "dead letter"], failed: true, attributes: { "error.type": "too_large" } },
    { events: ["waits behind a dead letter"], failed: false },
  ]);
});

test("the spans of a batch have a limit, and those beyond it are counted", async () => {
  const tracer = recordingTracer();
  const { publisher } = tracedPorts(tracer);
  await publisher.publish(Array.from({ length: 150 }, () => sampled()));
  expect([tracer.spans().length, tracer.skippedSpans()]).toEqual([100, 50]);
  await publisher.publish([sampled()]);
  expect(tracer.spans()).toHaveLength(101);
});

test("what was being sent when the producer is thrown away says so", async () => {
  const tracer = recordingTracer();
  const { publisher } = tracedPorts(tracer, [new Error("no answer")]);
  await publisher.publish([sampled()]).catch(() => {});
  await publisher.discard();
  expect(tracer.spans()).toMatchObject([{ failed: true, attributes: { "error.type": "abandoned" } }]);
});

test("while nobody collects traces the ports are the very ones that were given", () => {
  const given = { stream: {}, publisher: {}, deadLetters: {} } as never as Parameters<typeof traceEvents>[0];
  const { stream, publisher, deadLetters } = traceEvents(given, noTracer, new Map());
  expect([stream, publisher, deadLetters].map((port, i) => port === Object.values(given)[i])).toEqual([
    true,
    true,
    true,
  ]);
});
