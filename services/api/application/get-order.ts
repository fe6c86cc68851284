import type { Order } from "../domain/order.ts";
import type { CallContext } from "./call-context.ts";
import type { CachedOrders } from "./ports.ts";
import { visibleTo } from "./visible-to.ts";

/** @throws OrderError ORDER_NOT_FOUND, UNAVAILABLE, DEADLINE_EXCEEDED, OVERLOADED */
export type GetOrderUseCase = (id: string, context: CallContext) => Promise<Order>;

export function createGetOrder(orders: Pick<CachedOrders, "find">): GetOrderUseCase {
  return async (id, { caller, deadline }) => visibleTo(caller, id, await orders.find(id, deadline));
}
