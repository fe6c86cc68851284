import { OrderError } from "../domain/order-error.ts";
import type { Caller } from "./call-context.ts";

/** What a token can be good for. */
export type Scope = "orders:read" | "orders:write" | "orders:operate";

/** Who asks, and what it may be asked for. */
export interface Principal {
  readonly caller: Caller;
  /** As the token has them; those that mean nothing here as well. */
  readonly scopes: ReadonlySet<string>;
}

/** There is a token, and it is not to be believed. */
export class InvalidToken extends OrderError {
  constructor(message: string) {
    super("UNAUTHENTICATED", message);
  }
}

/**
 * Port: who sent this header `authorization`.
 * @throws OrderError UNAUTHENTICATED without a token; InvalidToken; UNAVAILABLE when it cannot be told now
 */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** Port: counts one request of the caller. @throws OrderError RATE_LIMITED */
export type LimitRate = (caller: Caller) => Promise<void>;
