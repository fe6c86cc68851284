import { create, toJsonString } from "@bufbuild/protobuf";
import {
  OrderCancelledSchema,
  OrderCreatedSchema,
  OrderIssuedSchema,
  OrderReadySchema,
  OrderReturnedSchema,
} from "../../../gen/orders/v1/order_events_pb.ts";
import { orderFields } from "../../application/order-contract.ts";
import type { OutboxRepository } from "../../application/ports.ts";
import type { OrderEvent } from "../../domain/order.ts";
import type { Tx } from "./transactions.ts";

/** Aggregate type of the outbox rows; the relay routes by it. */
const AGGREGATE_TYPE = "order";

const messages = {
  OrderCreated: OrderCreatedSchema,
  OrderReady: OrderReadySchema,
  OrderIssued: OrderIssuedSchema,
  OrderReturned: OrderReturnedSchema,
  OrderCancelled: OrderCancelledSchema,
} satisfies Record<OrderEvent["type"], unknown>;

/** The payload is the proto3 JSON of the event's message in orders.v1, so that consumers have a schema. */
export function createOutboxRepository(): OutboxRepository<Tx> {
  return {
    append(tx, event, order, { eventId, headers }) {
      const schema = messages[event.type];
      const payload = toJsonString(schema, create(schema, { order: orderFields(order) }));
      tx.write({
        name: "append-event",
        text: `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers)
               values ($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          eventId,
          AGGREGATE_TYPE,
          order.id,
          String(order.version),
          event.type,
          payload,
          JSON.stringify(headers),
        ],
      });
    },
  };
}
