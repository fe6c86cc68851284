import { create } from "@bufbuild/protobuf";
import { type Order as OrderMessage, OrderSchema } from "../../gen/orders/v1/order_pb.ts";
import {
  type CreateOrderRequest,
  type ListOrdersRequest,
  type WatchOrderResponse,
  WatchOrderResponseSchema,
} from "../../gen/orders/v1/order_service_pb.ts";
import type { ChangeOrderInput } from "../application/change-order.ts";
import type { CreateOrderInput } from "../application/create-order.ts";
import type { ListOrdersInput } from "../application/list-orders.ts";
import { orderFields, statusOf, timestampFields } from "../application/order-contract.ts";
import type { OrderVersion } from "../application/watch-order.ts";
import type { Order, TransitionType } from "../domain/order.ts";

/** Between the contract's messages, which both doors speak, and the use cases. */

export function toOrderMessage(order: Order): OrderMessage {
  return create(OrderSchema, orderFields(order));
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

export function toChangeOrderInput(
  type: TransitionType,
  request: { readonly id: string; readonly expectedVersion?: bigint | undefined; readonly reason?: string },
): ChangeOrderInput {
  const { id, expectedVersion, reason = "" } = request;
  return {
    id,
    type,
    expectedVersions: expectedVersion === undefined ? undefined : [expectedVersion],
    reason,
  };
}

export function toListOrdersInput(request: ListOrdersRequest): ListOrdersInput {
  const { pageSize, pageToken, customerId, pickupPointId, status } = request;
  return {
    pageSize,
    pageToken,
    customerId: customerId || undefined,
    pickupPointId: pickupPointId || undefined,
    status: statusOf(status),
  };
}

export function toWatchOrderResponse({ order, path }: OrderVersion): WatchOrderResponse {
  const { writtenAt, publishedAt, projectedAt } = path ?? {};
  return create(WatchOrderResponseSchema, {
    order: orderFields(order),
    ...(path && {
      path: {
        ...(writtenAt && { writtenAt: timestampFields(writtenAt) }),
        ...(publishedAt && { publishedAt: timestampFields(publishedAt) }),
        ...(projectedAt && { projectedAt: timestampFields(projectedAt) }),
      },
    }),
  });
}
