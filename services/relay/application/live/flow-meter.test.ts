import { beforeEach, expect, test } from "vitest";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { createFlowMeter, type FlowMeter } from "./flow-meter.ts";

let now: number;
let meter: FlowMeter;

beforeEach(() => {
  now = 50_000;
  meter = createFlowMeter({ name: "relay-a 12", now: () => now, elapsed: () => now });
  meter.leader(true);
  meter.phase("streaming");
});

const events = (count: number) => Array.from<OutboxEvent>({ length: count });

test("a second has the events that were acked in it, and how long they took", () => {
  meter.published(events(40), now - 5);
  meter.published(events(2), now - 5);
  const { events: acked, latency } = meter.endSecond();
  expect(acked).toBe(42);
  expect(latency?.p99Ms).toBeCloseTo(5, 0);
  expect(meter.endSecond()).toEqual({ events: 0, latency: undefined });
  expect(meter.seen().eventsPerSecond).toBe(21);
});

test("a commit of a clock that is ahead took no time", () => {
  meter.published(events(1), now + 5_000);
  expect(meter.endSecond().latency?.p99Ms).toBeLessThan(1);
});

test("what the broker does not ack waits from when it was first sent, with the broker's error", () => {
  meter.publishStarted(events(3));
  now += 4_000;
  meter.publishFailed(new Error("connect ECONNREFUSED"));
  meter.publishStarted(events(3));
  now += 3_000;
  expect(meter.seen()).toMatchObject({
    inFlightEvents: 3,
    unackedMs: 7_000,
    brokerError: "connect ECONNREFUSED",
  });
  meter.published(events(3), now);
  expect(meter.seen()).toMatchObject({ inFlightEvents: 0, unackedMs: 0, brokerError: undefined });
});

test("a heartbeat that does not come back grows older", () => {
  meter.heartbeat(4);
  expect(meter.seen().heartbeatLagMs).toBe(4);
  meter.tickSent();
  now += 9_000;
  expect(meter.seen().heartbeatLagMs).toBe(9_000);
  meter.phase("polling");
  expect(meter.seen().heartbeatLagMs).toBe(4);
});

test("a leader that is none any more has nothing in flight", () => {
  meter.publishStarted(events(3));
  now += 20_000;
  meter.leader(false);
  expect(meter.seen()).toMatchObject({ isLeader: false, inFlightEvents: 0, unackedMs: 0 });
});
