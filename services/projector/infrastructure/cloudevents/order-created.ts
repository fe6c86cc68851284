import { create, fromJson, type JsonValue, toJsonString } from "@bufbuild/protobuf";
import { OrderCreatedSchema } from "../../../gen/orders/v1/order_events_pb.ts";
import { OrderSchema, OrderStatus } from "../../../gen/orders/v1/order_pb.ts";
import type { OrderView } from "../../domain/order-view.ts";

/** The order after an OrderCreated, from its proto3 JSON. Fields that this version does not know are passed over. */
export function viewAfterOrderCreated(json: unknown): OrderView {
  const event = fromJson(OrderCreatedSchema, json as JsonValue, { ignoreUnknownFields: true });
  const order = create(OrderSchema, {
    id: event.orderId,
    customerId: event.customerId,
    pickupPointId: event.pickupPointId,
    currency: event.currency,
    lines: event.lines,
    totalMinor: event.totalMinor,
    status: OrderStatus.CREATED,
    version: event.version,
    ...(event.createdAt && { createdAt: event.createdAt }),
  });
  return {
    orderId: event.orderId,
    version: event.version,
    status: "created",
    json: toJsonString(OrderSchema, order),
  };
}
