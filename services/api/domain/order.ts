import { OrderError } from "./order-error.ts";

/** An order of a pick-up-point network. Amounts are in minor units of `currency`; all integers are int64. */
export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly pickupPointId: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly totalMinor: bigint;
  readonly status: OrderStatus;
  /** Grows by one with every change; 1 when created. */
  readonly version: bigint;
  readonly createdAt: Date;
}

export interface OrderLine {
  readonly sku: string;
  readonly quantity: bigint;
  readonly unitPriceMinor: bigint;
}

export type OrderStatus = "created";

export interface CreateOrder {
  readonly type: "CreateOrder";
  readonly orderId: string;
  readonly customerId: string;
  readonly pickupPointId: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly at: Date;
}

export interface OrderCreated {
  readonly type: "OrderCreated";
  readonly orderId: string;
  readonly customerId: string;
  readonly pickupPointId: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly totalMinor: bigint;
  /** The order's version after this event. */
  readonly version: bigint;
  readonly at: Date;
}

export type OrderEvent = OrderCreated;

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * What a command leads to. The form of single fields (lengths, signs) is checked at the edge by the contract's rules; here is what
 * no single field shows.
 * @throws OrderError INVALID_ORDER
 */
export function decide(command: CreateOrder): OrderCreated {
  const { type: _, ...content } = command;
  return { ...content, type: "OrderCreated", totalMinor: total(command.lines), version: 1n };
}

export function evolve(event: OrderEvent): Order {
  return {
    id: event.orderId,
    customerId: event.customerId,
    pickupPointId: event.pickupPointId,
    currency: event.currency,
    lines: event.lines,
    totalMinor: event.totalMinor,
    status: "created",
    version: event.version,
    createdAt: event.at,
  };
}

function total(lines: readonly OrderLine[]): bigint {
  let sum = 0n;
  for (const [index, { quantity, unitPriceMinor }] of lines.entries()) {
    sum += quantity * unitPriceMinor;
    if (sum > MAX_INT64) {
      throw new OrderError("INVALID_ORDER", "the total is more than an int64 can hold", [
        { path: ["lines", index, "quantity"], problem: "makes the total more than an int64 can hold" },
      ]);
    }
  }
  return sum;
}
