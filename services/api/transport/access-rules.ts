import type { Principal, Scope } from "../application/access.ts";
import { OrderError } from "../domain/order-error.ts";
import type { Operation } from "./gate.ts";

/** Any one of them is enough. Which orders it is good for is the use cases' matter: a customer has its own only. */
const scopesOf: Readonly<Record<Operation, readonly Scope[]>> = {
  GetOrder: ["orders:read"],
  ListOrders: ["orders:read"],
  WatchOrder: ["orders:read"],
  CreateOrder: ["orders:write"],
  // A customer gives up its order; a pick-up point one that it cannot hand over.
  CancelOrder: ["orders:write", "orders:operate"],
  MarkOrderReady: ["orders:operate"],
  IssueOrder: ["orders:operate"],
  ReturnOrder: ["orders:operate"],
};

/** The caller is known, and its token is not good for this (RFC 6750, section 3.1: insufficient_scope). */
export class InsufficientScope extends OrderError {
  readonly sufficient: readonly Scope[];

  constructor(sufficient: readonly Scope[]) {
    super("PERMISSION_DENIED", `the token has none of the scopes that allow this: ${sufficient.join(", ")}`);
    this.sufficient = sufficient;
  }
}

/**
 * Nobody operates on an order of its own: in a customer's token `orders:operate` counts for nothing, so that an issuer that grants
 * too much lets no customer mark its order as issued.
 * @throws InsufficientScope
 */
export function requireScope(operation: Operation, { caller, scopes }: Principal): void {
  const sufficient = scopesOf[operation];
  const counts = (scope: Scope) => caller.customerId === undefined || scope !== "orders:operate";
  if (!sufficient.some((scope) => counts(scope) && scopes.has(scope)))
    throw new InsufficientScope(sufficient);
}
