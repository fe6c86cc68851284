import { pino } from "pino";
import { expect, test } from "vitest";
import { consumed, orderCreated } from "../testing/records.ts";
import { readOrderEvent } from "./cloudevents/read-order-event.ts";
import { createEventLog } from "./event-log.ts";

const id = "0198c0de-0000-7000-8000-000000000001";
const record = consumed(orderCreated({ orderId: id, eventId: id, version: 5, customerId: "secret" }), "42");
const event = readOrderEvent(record);

function captured(write: (events: ReturnType<typeof createEventLog>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  write(createEventLog(log));
  return lines;
}

test("a dead letter is logged by its place and reason, never with a text that may quote it", () => {
  const lines = captured((log) =>
    log.deadLettered([{ record, reason: "invalid_json", message: "Unexpected token: secret" }]),
  );
  expect(lines).toMatchObject([
    {
      topic: "orders-events",
      partition: 0,
      offset: "42",
      reason: "invalid_json",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain("secret");
});

test("what is in order is not logged; a conflict and a gap are, by the order", () => {
  const lines = captured((log) => {
    log.projected([event], [{ outcome: "applied", previousVersion: 4n }]);
    log.projected([event], [{ outcome: "duplicate", previousVersion: 5n }]);
    log.projected([event], [{ outcome: "stale", previousVersion: 6n }]);
    log.projected([event], [{ outcome: "conflict", previousVersion: 5n }]);
    log.projected([event], [{ outcome: "applied", previousVersion: 1n }]);
  });
  expect(lines).toMatchObject([
    { orderId: id, version: "5", level: 50 },
    { orderId: id, version: "5", missed: "3", level: 40 },
  ]);
  expect(JSON.stringify(lines)).not.toContain("secret");
});

test("the trace of an event that is followed is named with it", () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const conflict = { outcome: "conflict", previousVersion: 5n } as const;
  createEventLog(log, () => "a trace").projected([event], [conflict]);
  expect(lines).toMatchObject([{ orderId: id, trace_id: "a trace" }]);
});

test("an outage is two lines, however many tries it takes", () => {
  const lines = captured((log) => {
    for (let tries = 0; tries < 100; tries++) log.stalled("orders-events/3", new Error("planted"));
    log.resumed("orders-events/3");
  });
  expect(lines).toHaveLength(2);
});
