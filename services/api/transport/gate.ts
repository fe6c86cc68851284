import type { LimitRate } from "../application/access.ts";
import type { Caller } from "../application/call-context.ts";
import type { TransitionType } from "../domain/order.ts";
import { OrderError, type OrderErrorCode } from "../domain/order-error.ts";

/** What can be asked for, by the same name through both doors. */
export type Operation = "CreateOrder" | "GetOrder" | "ListOrders" | "WatchOrder" | TransitionType;

/**
 * Lets a request in, before its body is read: says who the caller is.
 * @throws OrderError UNAUTHENTICATED, PERMISSION_DENIED, RATE_LIMITED, UNAVAILABLE
 */
export type Gate = (operation: Operation, request: GateRequest) => Promise<Caller>;

export interface GateRequest {
  /** The header of that name. */
  readonly authorization: string | undefined;
}

/** Everybody may do everything. */
export const openGate: Gate = async () => ({ id: "anonymous", customerId: undefined });

/** Counts those that `gate` lets in. */
export function withRateLimit(gate: Gate, limitRate: LimitRate): Gate {
  return async (operation, request) => {
    const caller = await gate(operation, request);
    await limitRate(caller);
    return caller;
  };
}

export function withRefusalsObserved(gate: Gate, onRefused: (code: OrderErrorCode) => void): Gate {
  return async (operation, request) => {
    try {
      return await gate(operation, request);
    } catch (error) {
      if (error instanceof OrderError) onRefused(error.code);
      throw error;
    }
  };
}
