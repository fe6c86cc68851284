import { traceHeaders } from "../../platform/tracing/trace-context.ts";
import { type CreateOrder, decideCreation, evolve, type Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import type { CommandContext } from "./call-context.ts";
import type { OnceOnly } from "./once-only.ts";
import type { InSpan, NewId, Now, OrderRepository, OutboxRepository, TxManager } from "./ports.ts";

export type CreateOrderInput = Omit<CreateOrder, "type" | "orderId" | "at">;

/**
 * Commits the order and its OrderCreated event in one transaction.
 * @throws OrderError INVALID_REQUEST, PERMISSION_DENIED for another customer's order, those of OnceOnly and TxManager
 */
export type CreateOrderUseCase = (input: CreateOrderInput, context: CommandContext) => Promise<Order>;

export function createCreateOrder<Tx>(deps: {
  readonly transactions: TxManager<Tx>;
  readonly orders: OrderRepository<Tx>;
  readonly outbox: OutboxRepository<Tx>;
  readonly onceOnly: OnceOnly<Tx>;
  readonly inSpan: InSpan;
  readonly newId: NewId;
  readonly now: Now;
}): CreateOrderUseCase {
  const { transactions, orders, outbox, onceOnly, inSpan, newId, now } = deps;
  return async (input, context) => {
    const { caller, deadline, trace } = context;
    if (caller.customerId !== undefined && caller.customerId !== input.customerId) {
      const violations = [{ path: ["customerId"], problem: "is not the caller's" }];
      throw new OrderError("PERMISSION_DENIED", "an order can be created only for oneself", violations);
    }
    const event = decideCreation({ ...input, type: "CreateOrder", orderId: newId(), at: now() });
    const order = evolve(undefined, event);
    const written = { eventId: newId(), orderId: order.id, trace };
    return onceOnly({ operation: "CreateOrder", input }, context, (done) =>
      inSpan(written, (within) =>
        transactions.run(async (tx) => {
          done.claim(tx);
          orders.insert(tx, order);
          outbox.append(tx, event, order, { eventId: written.eventId, headers: traceHeaders(within) });
          done.record(tx, order);
          return order;
        }, deadline),
      ),
    );
  };
}
