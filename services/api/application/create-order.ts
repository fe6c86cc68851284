import { type CreateOrder, decide, evolve, type Order } from "../domain/order.ts";
import type { NewId, Now, OrderRepository, OutboxRepository, TxManager } from "./ports.ts";

export type CreateOrderInput = Omit<CreateOrder, "type" | "orderId" | "at">;

/** What a caller sends beside the request itself. */
export interface CallContext {
  /** W3C trace context, already checked. */
  readonly traceparent: string | undefined;
}

/** Commits the order and its OrderCreated event in one transaction. @throws OrderError */
export type CreateOrderUseCase = (input: CreateOrderInput, context: CallContext) => Promise<Order>;

export function createCreateOrder<Tx>(deps: {
  readonly transactions: TxManager<Tx>;
  readonly orders: OrderRepository<Tx>;
  readonly outbox: OutboxRepository<Tx>;
  readonly newId: NewId;
  readonly now: Now;
}): CreateOrderUseCase {
  const { transactions, orders, outbox, newId, now } = deps;
  return async (input, { traceparent }) => {
    const event = decide({ ...input, type: "CreateOrder", orderId: newId(), at: now() });
    const order = evolve(event);
    const envelope = { eventId: newId(), headers: traceparent === undefined ? {} : { traceparent } };
    await transactions.run(async (tx) => {
      orders.insert(tx, order);
      outbox.append(tx, event, envelope);
    });
    return order;
  };
}
