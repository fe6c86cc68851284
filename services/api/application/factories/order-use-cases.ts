import { type ChangeOrderUseCase, createChangeOrder } from "../change-order.ts";
import { type CreateOrderUseCase, createCreateOrder } from "../create-order.ts";
import { createGetOrder, type GetOrderUseCase } from "../get-order.ts";
import { createListOrders, type ListOrdersUseCase } from "../list-orders.ts";
import { createOnceOnly } from "../once-only.ts";
import { noFeed, type OrderFeed } from "../order-feed.ts";
import type {
  CachedOrders,
  Digest,
  IdempotencyStore,
  InSpan,
  NewId,
  Now,
  OrderRepository,
  OutboxRepository,
  TxManager,
} from "../ports.ts";
import { createWatchOrder, type WatchOrderUseCase } from "../watch-order.ts";
import type { Watches } from "../watches.ts";

export interface OrderPorts<Tx> {
  readonly transactions: TxManager<Tx>;
  readonly orders: OrderRepository<Tx>;
  /** Without it every read is the database's. */
  readonly cache?: CachedOrders | undefined;
  /** Without it watches read the database. */
  readonly feed?: OrderFeed | undefined;
  readonly watches: Watches;
  readonly outbox: OutboxRepository<Tx>;
  readonly idempotency: IdempotencyStore<Tx>;
  /** Without it an event passes the call's trace on. */
  readonly inSpan?: InSpan;
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
  readonly watchOrder: WatchOrderUseCase;
}

export function createOrderUseCases<Tx>(ports: OrderPorts<Tx>): OrderUseCases {
  const { orders, cache = { find: orders.find, committed: async () => {} }, feed = noFeed } = ports;
  const { inSpan = ({ trace }, work) => work(trace) } = ports;
  const onceOnly = createOnceOnly(ports); // from the database: it must find the version that was answered
  const deps = { ...ports, cache, feed, onceOnly, inSpan };
  return {
    createOrder: createCreateOrder(deps),
    changeOrder: createChangeOrder(deps),
    getOrder: createGetOrder(cache),
    listOrders: createListOrders(ports),
    watchOrder: createWatchOrder(deps),
  };
}
