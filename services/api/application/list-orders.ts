import type { Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import type { CallContext } from "./call-context.ts";
import { createPageTokens } from "./page-token.ts";
import type { Digest, OrderFilter, OrderRepository } from "./ports.ts";

export interface ListOrdersInput extends OrderFilter {
  /** Undefined or 0: DEFAULT_PAGE_SIZE; more than MAX_PAGE_SIZE: that. */
  readonly pageSize: number | undefined;
  /** Of the page before; undefined or "" for the first. */
  readonly pageToken: string | undefined;
}

export interface OrderPage {
  /** Newest first. */
  readonly orders: readonly Order[];
  /** Undefined when this is the last page. */
  readonly nextPageToken: string | undefined;
}

export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 200;

/** A customer's list is of its own orders. @throws OrderError INVALID_REQUEST for a token that is not of these filters, and as GetOrderUseCase */
export type ListOrdersUseCase = (input: ListOrdersInput, context: CallContext) => Promise<OrderPage>;

export function createListOrders(deps: {
  readonly orders: Pick<OrderRepository<never>, "list">;
  readonly digest: Digest;
}): ListOrdersUseCase {
  const { orders } = deps;
  const tokens = createPageTokens(deps.digest);
  return async ({ pageSize, pageToken, ...asked }, { caller, deadline }) => {
    const { customerId = asked.customerId } = caller;
    const filter = { ...asked, customerId };
    const after = pageToken ? tokens.read(pageToken, filter) : undefined;
    // A customer that asks for another's orders: there are none that it may see.
    if (asked.customerId !== undefined && asked.customerId !== customerId) {
      return { orders: [], nextPageToken: undefined };
    }
    if (pageSize !== undefined && pageSize < 0) {
      const violations = [{ path: ["pageSize"], problem: "must be 0 or more" }];
      throw new OrderError("INVALID_REQUEST", "the page's size is wrong", violations);
    }
    const size = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
    const found = await orders.list({ filter, after, limit: size + 1 }, deadline); // one more: is there another page?
    const page = found.slice(0, size);
    const last = page.at(-1);
    const nextPageToken = found.length > size && last ? tokens.write(last, filter) : undefined;
    return { orders: page, nextPageToken };
  };
}
