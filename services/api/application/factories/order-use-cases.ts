import { type CreateOrderUseCase, createCreateOrder } from "../create-order.ts";
import { createGetOrder, type GetOrderUseCase } from "../get-order.ts";
import type { NewId, Now, OrderRepository, OutboxRepository, TxManager } from "../ports.ts";

export interface OrderPorts<Tx> {
  readonly transactions: TxManager<Tx>;
  readonly orders: OrderRepository<Tx>;
  readonly outbox: OutboxRepository<Tx>;
  readonly newId: NewId;
  readonly now: Now;
}

/** What both doors offer. */
export interface OrderUseCases {
  readonly createOrder: CreateOrderUseCase;
  readonly getOrder: GetOrderUseCase;
}

export function createOrderUseCases<Tx>(ports: OrderPorts<Tx>): OrderUseCases {
  return { createOrder: createCreateOrder(ports), getOrder: createGetOrder(ports.orders) };
}
