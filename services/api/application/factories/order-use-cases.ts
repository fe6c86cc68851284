import { type ChangeOrderUseCase, createChangeOrder } from "../change-order.ts";
import { type CreateOrderUseCase, createCreateOrder } from "../create-order.ts";
import { createGetOrder, type GetOrderUseCase } from "../get-order.ts";
import { createListOrders, type ListOrdersUseCase } from "../list-orders.ts";
import { createOnceOnly } from "../once-only.ts";
import type {
  Digest,
  IdempotencyStore,
  NewId,
  Now,
  OrderRepository,
  OutboxRepository,
  TxManager,
} from "../ports.ts";

export interface OrderPorts<Tx> {
  readonly transactions: TxManager<Tx>;
  readonly orders: OrderRepository<Tx>;
  readonly outbox: OutboxRepository<Tx>;
  readonly idempotency: IdempotencyStore<Tx>;
  readonly newId: NewId;
  readonly now: Now;
  readonly digest: Digest;
}

/** What both doors offer. */
export interface OrderUseCases {
  readonly createOrder: CreateOrderUseCase;
  readonly changeOrder: ChangeOrderUseCase;
  readonly getOrder: GetOrderUseCase;
  readonly listOrders: ListOrdersUseCase;
}

export function createOrderUseCases<Tx>(ports: OrderPorts<Tx>): OrderUseCases {
  const onceOnly = createOnceOnly(ports);
  const deps = { ...ports, onceOnly };
  return {
    createOrder: createCreateOrder(deps),
    changeOrder: createChangeOrder(deps),
    getOrder: createGetOrder(ports.orders),
    listOrders: createListOrders(ports),
  };
}
