import type { Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import type { OrderRepository } from "./ports.ts";

/** @throws OrderError ORDER_NOT_FOUND, UNAVAILABLE */
export type GetOrderUseCase = (id: string) => Promise<Order>;

export function createGetOrder(orders: Pick<OrderRepository<never>, "find">): GetOrderUseCase {
  return async (id) => {
    const order = await orders.find(id);
    if (!order) throw new OrderError("ORDER_NOT_FOUND", `there is no order ${id}`);
    return order;
  };
}
