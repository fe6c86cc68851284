import type { ConsumedRecord } from "../../application/consumed-record.ts";
import { UnreadableRecord } from "../../application/unreadable-record.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import type { OrderView } from "../../domain/order-view.ts";
import { readAttributes } from "./event-attributes.ts";
import { parseExactJson, readText } from "./exact-json.ts";
import { type EventType, eventMessages, orderInEvent } from "./order-in-event.ts";
import { plainOrder } from "./plain-order.ts";

/**
 * Understands a record of `orders-events`. The key, `ce_subject` and the message's order must be the same, and `ce_aggregateversion`
 * the order's version: where they differ nobody can say which one is meant.
 * @throws UnreadableRecord
 */
export function readOrderEvent({ key, value, headers, timestamp }: ConsumedRecord): OrderEvent {
  if (value === null) throw new UnreadableRecord("null_value", "the record has no value");
  const attributes = readAttributes(headers);
  if (!isKnown(attributes.type)) {
    throw new UnreadableRecord("unknown_type", `ce_type ${JSON.stringify(attributes.type)} is not known`);
  }
  const view = readMessage(attributes.type, value);
  expectSameOrder(view.orderId, key, attributes.subject);
  if (view.version !== BigInt(attributes.aggregateVersion)) {
    const message = `ce_aggregateversion is ${attributes.aggregateVersion}, the order's version ${view.version}`;
    throw new UnreadableRecord("version_mismatch", message);
  }
  const publishedAt = Number(timestamp);
  return {
    id: attributes.id,
    occurredAt: attributes.time,
    publishedAt: publishedAt >= 0 ? publishedAt : undefined,
    view,
  };
}

function isKnown(type: string): type is EventType {
  return Object.hasOwn(eventMessages, type);
}

function readMessage(type: EventType, value: Buffer): OrderView {
  const text = readText(value);
  const plain = plainOrder(text);
  if (plain !== undefined) return plain;
  const json = parseExactJson(text);
  try {
    return orderInEvent(type, json);
  } catch (cause) {
    throw new UnreadableRecord("invalid_message", (cause as Error).message, { cause });
  }
}

function expectSameOrder(orderId: string, key: Buffer | null, subject: string | undefined): void {
  if (key === null || !key.equals(Buffer.from(orderId))) {
    throw new UnreadableRecord("key_mismatch", "the key is not the order's id");
  }
  if (subject !== undefined && subject !== orderId) {
    throw new UnreadableRecord("key_mismatch", "ce_subject is not the order's id");
  }
}
