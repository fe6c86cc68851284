import { fromJson, type JsonValue, toJsonString } from "@bufbuild/protobuf";
import {
  OrderCancelledSchema,
  OrderCreatedSchema,
  OrderIssuedSchema,
  OrderReadySchema,
  OrderReturnedSchema,
} from "../../../gen/orders/v1/order_events_pb.ts";
import { OrderSchema, OrderStatusSchema } from "../../../gen/orders/v1/order_pb.ts";
import type { OrderView } from "../../domain/order-view.ts";
import { statuses } from "./plain-order.ts";

/** `ce_type` to its message. Each has the whole order as it was after the event. */
export const eventMessages = {
  OrderCreated: OrderCreatedSchema,
  OrderReady: OrderReadySchema,
  OrderIssued: OrderIssuedSchema,
  OrderReturned: OrderReturnedSchema,
  OrderCancelled: OrderCancelledSchema,
} as const;

export type EventType = keyof typeof eventMessages;

/**
 * The order in an event's proto3 JSON. Fields that this version does not know are passed over.
 * @throws Error for JSON that is not of the message's shape.
 */
export function orderInEvent(type: EventType, json: unknown): OrderView {
  const { order } = fromJson(eventMessages[type], json as JsonValue, { ignoreUnknownFields: true });
  if (order === undefined) throw new Error("the message has no order");
  if (order.id === "") throw new Error("the order has no id");
  const status = statuses.get(OrderStatusSchema.value[order.status]?.name);
  if (status === undefined) throw new Error("the order has no status that is known here");
  return {
    orderId: order.id,
    version: order.version,
    status,
    json: toJsonString(OrderSchema, order),
  };
}
