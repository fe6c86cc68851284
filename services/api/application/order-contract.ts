import { type Order as OrderMessage, OrderStatus } from "../../gen/orders/v1/order_pb.ts";
import { type Order, orderStatuses, type OrderStatus as Status } from "../domain/order.ts";

/** Fields of orders.v1.Order, for whoever writes the message: answers of both doors, payloads of events. */
export type OrderFields = Omit<OrderMessage, "$typeName" | "$unknown" | "lines" | TimeField> & {
  readonly lines: { sku: string; quantity: bigint; unitPriceMinor: bigint }[];
} & { readonly [name in TimeField]?: TimestampFields };

type TimeField = "createdAt" | "readyAt" | "issuedAt" | "returnedAt" | "cancelledAt";

export interface TimestampFields {
  readonly seconds: bigint;
  readonly nanos: number;
}

const statusInContract = {
  created: OrderStatus.CREATED,
  ready: OrderStatus.READY,
  issued: OrderStatus.ISSUED,
  returned: OrderStatus.RETURNED,
  cancelled: OrderStatus.CANCELLED,
} as const satisfies Record<Status, OrderStatus>;

/** Undefined for UNSPECIFIED, and for one that this version does not know. */
export function statusOf(inContract: OrderStatus): Status | undefined {
  return orderStatuses.find((status) => statusInContract[status] === inContract);
}

export function orderFields(order: Order): OrderFields {
  const { createdAt, readyAt, issuedAt, returnedAt, cancelledAt } = order;
  return {
    id: order.id,
    customerId: order.customerId,
    pickupPointId: order.pickupPointId,
    currency: order.currency,
    lines: order.lines.map((line) => ({ ...line })),
    totalMinor: order.totalMinor,
    status: statusInContract[order.status],
    version: order.version,
    reason: order.reason,
    createdAt: timestampFields(createdAt),
    ...(readyAt && { readyAt: timestampFields(readyAt) }),
    ...(issuedAt && { issuedAt: timestampFields(issuedAt) }),
    ...(returnedAt && { returnedAt: timestampFields(returnedAt) }),
    ...(cancelledAt && { cancelledAt: timestampFields(cancelledAt) }),
  };
}

export function timestampFields(date: Date): TimestampFields {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

/**
 * The order in a message that this service or the projector has stored.
 * @throws Error when it is none: another contract's, or not whole
 */
export function orderOfFields(message: OrderMessage): Order {
  const { id, customerId, pickupPointId, currency, totalMinor, version, reason } = message;
  const status = statusOf(message.status);
  const createdAt = dateOf(message.createdAt);
  if (id === "" || version < 1n || !status || !createdAt) throw new Error("this is not a whole order");
  return {
    id,
    customerId,
    pickupPointId,
    currency,
    lines: message.lines.map(({ sku, quantity, unitPriceMinor }) => ({ sku, quantity, unitPriceMinor })),
    totalMinor,
    status,
    version,
    createdAt,
    readyAt: dateOf(message.readyAt),
    issuedAt: dateOf(message.issuedAt),
    returnedAt: dateOf(message.returnedAt),
    cancelledAt: dateOf(message.cancelledAt),
    reason,
  };
}

function dateOf(timestamp: TimestampFields | undefined): Date | undefined {
  return timestamp && new Date(Number(timestamp.seconds) * 1000 + timestamp.nanos / 1_000_000);
}
