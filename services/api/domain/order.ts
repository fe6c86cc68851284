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
  readonly readyAt: Date | undefined;
  readonly issuedAt: Date | undefined;
  readonly returnedAt: Date | undefined;
  readonly cancelledAt: Date | undefined;
  /** Why it was returned or cancelled; "" when nobody said. */
  readonly reason: string;
}

export interface OrderLine {
  readonly sku: string;
  readonly quantity: bigint;
  readonly unitPriceMinor: bigint;
}

export const orderStatuses = ["created", "ready", "issued", "returned", "cancelled"] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export interface CreateOrder {
  readonly type: "CreateOrder";
  readonly orderId: string;
  readonly customerId: string;
  readonly pickupPointId: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly at: Date;
}

/** What can be done to an order that there is. */
export type TransitionType = "MarkOrderReady" | "IssueOrder" | "ReturnOrder" | "CancelOrder";

export interface Transition {
  readonly type: TransitionType;
  /** Only of ReturnOrder and CancelOrder; "" when nobody said. */
  readonly reason: string;
  readonly at: Date;
}

export interface OrderCreated extends Omit<CreateOrder, "type"> {
  readonly type: "OrderCreated";
  readonly totalMinor: bigint;
}

export interface OrderChanged {
  readonly type: "OrderReady" | "OrderIssued" | "OrderReturned" | "OrderCancelled";
  readonly reason: string;
  readonly at: Date;
}

export type OrderEvent = OrderCreated | OrderChanged;

const MAX_INT64 = 2n ** 63n - 1n;

/** The state machine: from where each transition leads, and the event that tells of it. */
const transitions: Readonly<
  Record<TransitionType, { readonly from: readonly OrderStatus[]; readonly event: OrderChanged["type"] }>
> = {
  MarkOrderReady: { from: ["created"], event: "OrderReady" },
  IssueOrder: { from: ["ready"], event: "OrderIssued" },
  ReturnOrder: { from: ["ready"], event: "OrderReturned" },
  CancelOrder: { from: ["created", "ready"], event: "OrderCancelled" },
};

/**
 * What the creation leads to. The form of single fields (lengths, signs) is checked at the edge by the contract's rules; here is what
 * no single field shows.
 * @throws OrderError INVALID_REQUEST
 */
export function decideCreation({ type: _, ...content }: CreateOrder): OrderCreated {
  return { ...content, type: "OrderCreated", totalMinor: total(content.lines) };
}

/** @throws OrderError TRANSITION_NOT_ALLOWED */
export function decideTransition(order: Order, { type, reason, at }: Transition): OrderChanged {
  const { from, event } = transitions[type];
  if (!from.includes(order.status)) {
    const message = `the order is ${order.status}; this is possible only while it is ${from.join(" or ")}`;
    throw new OrderError("TRANSITION_NOT_ALLOWED", message);
  }
  // The clocks of two servers may differ: a change never comes before the one that it follows.
  const last = order.readyAt ?? order.createdAt;
  return { type: event, reason, at: at < last ? last : at };
}

/** The order after the event; OrderCreated begins one. */
export function evolve(order: Order, event: OrderChanged): Order;
export function evolve(order: undefined, event: OrderCreated): Order;
export function evolve(order: Order | undefined, event: OrderEvent): Order {
  if (event.type === "OrderCreated") return created(event);
  const { at, reason } = event;
  const before = { ...(order as Order), version: (order as Order).version + 1n };
  switch (event.type) {
    case "OrderReady":
      return { ...before, status: "ready", readyAt: at };
    case "OrderIssued":
      return { ...before, status: "issued", issuedAt: at };
    case "OrderReturned":
      return { ...before, status: "returned", returnedAt: at, reason };
    case "OrderCancelled":
      return { ...before, status: "cancelled", cancelledAt: at, reason };
  }
}

/** No transition leads on from here. */
export function isFinal({ status }: Order): boolean {
  return !Object.values(transitions).some(({ from }) => from.includes(status));
}

function created({ type: _, orderId, at, ...content }: OrderCreated): Order {
  return {
    ...content,
    id: orderId,
    status: "created",
    version: 1n,
    createdAt: at,
    readyAt: undefined,
    issuedAt: undefined,
    returnedAt: undefined,
    cancelledAt: undefined,
    reason: "",
  };
}

function total(lines: readonly OrderLine[]): bigint {
  let sum = 0n;
  for (const [index, { quantity, unitPriceMinor }] of lines.entries()) {
    sum += quantity * unitPriceMinor;
    if (sum > MAX_INT64) {
      throw new OrderError("INVALID_REQUEST", "the total is more than an int64 can hold", [
        { path: ["lines", index, "quantity"], problem: "makes the total more than an int64 can hold" },
      ]);
    }
  }
  return sum;
}
