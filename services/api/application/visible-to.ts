import type { Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import type { Caller } from "./call-context.ts";

/** The order, when it is there and the caller may see it: another customer's looks as if there were none. @throws OrderError ORDER_NOT_FOUND */
export function visibleTo(caller: Caller, id: string, order: Order | undefined): Order {
  const isVisible = caller.customerId === undefined || order?.customerId === caller.customerId;
  if (!order || !isVisible) throw new OrderError("ORDER_NOT_FOUND", `there is no order ${id}`);
  return order;
}
