import { create, fromJson, type JsonValue, toJsonString } from "@bufbuild/protobuf";
import { OrderSchema } from "../../../gen/orders/v1/order_pb.ts";
import { orderFields, orderOfFields } from "../../application/order-contract.ts";
import type { Order } from "../../domain/order.ts";

/** Orders in Redis are the proto3 JSON of orders.v1.Order. */
export function writeOrder(order: Order): string {
  return toJsonString(OrderSchema, create(OrderSchema, orderFields(order)));
}

/** @throws Error when it is no order. A field that a newer version has added is passed over. */
export function readOrder(json: string): Order {
  return orderOfFields(fromJson(OrderSchema, JSON.parse(json) as JsonValue, { ignoreUnknownFields: true }));
}
