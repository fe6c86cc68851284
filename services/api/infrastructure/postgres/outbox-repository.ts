import { create, toJsonString } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderCreatedSchema } from "../../../gen/orders/v1/order_events_pb.ts";
import type { OutboxRepository } from "../../application/ports.ts";
import type { OrderEvent } from "../../domain/order.ts";
import type { Tx } from "./transactions.ts";

/** Aggregate type of the outbox rows; the relay routes by it. */
const AGGREGATE_TYPE = "order";

/** The payload is the proto3 JSON of the event's message in orders.v1, so that consumers have a schema. */
export function createOutboxRepository(): OutboxRepository<Tx> {
  return {
    append(tx, event, { eventId, headers }) {
      tx.write({
        name: "append-event",
        text: `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers)
               values ($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          eventId,
          AGGREGATE_TYPE,
          event.orderId,
          String(event.version),
          event.type,
          payload(event),
          JSON.stringify(headers),
        ],
      });
    },
  };
}

function payload({ at, lines, type: _, ...event }: OrderEvent): string {
  const message = create(OrderCreatedSchema, {
    ...event,
    lines: lines.map((line) => ({ ...line })),
    createdAt: timestampFromDate(at),
  });
  return toJsonString(OrderCreatedSchema, message);
}
