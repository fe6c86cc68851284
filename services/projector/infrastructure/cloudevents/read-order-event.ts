import type { ConsumedRecord } from "../../application/consumed-record.ts";
import { UnreadableRecord } from "../../application/unreadable-record.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import type { OrderView } from "../../domain/order-view.ts";
import { readAttributes } from "./event-attributes.ts";
import { parseExactJson } from "./exact-json.ts";
import { viewAfterOrderCreated } from "./order-created.ts";

/** `ce_type` to how its message becomes a view; each throws for JSON that is not of the message's shape. */
const viewAfter: ReadonlyMap<string, (json: unknown) => OrderView> = new Map([
  ["OrderCreated", viewAfterOrderCreated],
]);

/**
 * Understands a record of `orders-events`. The key, `ce_subject` and the message must name the same order, and `ce_aggregateversion`
 * the message's version: where they differ nobody can say which one is meant.
 * @throws UnreadableRecord
 */
export function readOrderEvent({ key, value, headers }: ConsumedRecord): OrderEvent {
  if (value === null) throw new UnreadableRecord("null_value", "the record has no value");
  const attributes = readAttributes(headers);
  const toView = viewAfter.get(attributes.type);
  if (toView === undefined) {
    throw new UnreadableRecord("unknown_type", `ce_type ${JSON.stringify(attributes.type)} is not known`);
  }
  const view = readMessage(toView, parseExactJson(value));
  expectSameOrder(view.orderId, key, attributes.subject);
  if (view.version !== attributes.aggregateVersion) {
    const message = `ce_aggregateversion is ${attributes.aggregateVersion}, the message's version ${view.version}`;
    throw new UnreadableRecord("version_mismatch", message);
  }
  return { id: attributes.id, occurredAt: attributes.time, view };
}

function readMessage(toView: (json: unknown) => OrderView, json: unknown): OrderView {
  try {
    return toView(json);
  } catch (cause) {
    throw new UnreadableRecord("invalid_message", (cause as Error).message, { cause });
  }
}

function expectSameOrder(orderId: string, key: Buffer | null, subject: string | undefined): void {
  if (orderId === "") throw new UnreadableRecord("invalid_message", "the message has no order_id");
  if (key === null || !key.equals(Buffer.from(orderId))) {
    throw new UnreadableRecord("key_mismatch", "the key is not the message's order_id");
  }
  if (subject !== undefined && subject !== orderId) {
    throw new UnreadableRecord("key_mismatch", "ce_subject is not the message's order_id");
  }
}
