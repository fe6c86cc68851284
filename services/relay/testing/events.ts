import { randomUUIDv7 } from "node:crypto";
import type { OutboxEvent } from "../domain/outbox-event.ts";

/** An event as a source gives it, with what a test does not care about filled in. */
export function outboxEvent(options: Partial<OutboxEvent> & { readonly keyText?: string } = {}): OutboxEvent {
  const { keyText = "key", ...more } = options;
  return {
    position: "1",
    id: randomUUIDv7(),
    transactionId: "1",
    aggregateType: "order",
    key: Buffer.from(keyText),
    aggregateVersion: "1",
    eventType: "OrderCreated",
    payload: Buffer.from("{}"),
    headers: "{}",
    createdAt: "2026-11-24 08:00:00+00",
    bytes: 100,
    ...more,
  };
}
