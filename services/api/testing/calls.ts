import type { CommandContext } from "../application/call-context.ts";
import type { CreateOrderInput } from "../application/create-order.ts";
import type { Deadline } from "../application/ports.ts";

/** Of a caller that waits as long as it takes. */
export const noDeadline: Deadline = { signal: new AbortController().signal, remainingMs: () => undefined };

/** Of a caller that may see and do everything. */
export const anyCall: CommandContext = {
  caller: { id: "test", customerId: undefined },
  deadline: noDeadline,
  trace: undefined,
  idempotencyKey: undefined,
};

/** A request for an order with as little as one needs. */
export function orderInput(over: Partial<CreateOrderInput> = {}): CreateOrderInput {
  const lines = [{ sku: "sku-1", quantity: 2n, unitPriceMinor: 150n }];
  return { customerId: "customer-1", pickupPointId: "point-1", currency: "EUR", lines, ...over };
}
