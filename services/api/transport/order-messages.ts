import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Order as OrderMessage, OrderSchema, OrderStatus } from "../../gen/orders/v1/order_pb.ts";
import type { CreateOrderRequest } from "../../gen/orders/v1/order_service_pb.ts";
import type { CreateOrderInput } from "../application/create-order.ts";
import type { Order } from "../domain/order.ts";

/** Between the contract's messages, which both doors speak, and the use cases. */

const statuses: Readonly<Record<Order["status"], OrderStatus>> = { created: OrderStatus.CREATED };

export function toOrderMessage({ createdAt, status, lines, ...order }: Order): OrderMessage {
  return create(OrderSchema, {
    ...order,
    lines: lines.map((line) => ({ ...line })),
    status: statuses[status],
    createdAt: timestampFromDate(createdAt),
  });
}

export function toCreateOrderInput(request: CreateOrderRequest): CreateOrderInput {
  const { customerId, pickupPointId, currency, lines } = request;
  return {
    customerId,
    pickupPointId,
    currency,
    lines: lines.map(({ sku, quantity, unitPriceMinor }) => ({ sku, quantity, unitPriceMinor })),
  };
}

/** The header `traceparent` when it has the form of W3C Trace Context, section 3.2.2; else nothing is passed on. */
export function validTraceparent(header: string | null | undefined): string | undefined {
  return header && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header) ? header : undefined;
}
