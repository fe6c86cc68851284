/** Everything that a caller can be told; each transport maps each code once. */
export const orderErrorCodes = [
  "INVALID_REQUEST",
  "ORDER_NOT_FOUND",
  /** The order's state does not allow it. */
  "TRANSITION_NOT_ALLOWED",
  /** The order is at another version than the caller expected. */
  "VERSION_MISMATCH",
  /** The same idempotency key came before with another request. */
  "IDEMPOTENCY_KEY_REUSED",
  /** The first request with the idempotency key is still worked on. */
  "IDEMPOTENCY_KEY_IN_FLIGHT",
  /** Nobody knows who the caller is. */
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  /** The caller asks more often than it may. */
  "RATE_LIMITED",
  /** The caller's deadline has passed. */
  "DEADLINE_EXCEEDED",
  /** More is asked for than can be done: try again later. */
  "OVERLOADED",
  "UNAVAILABLE",
] as const;

export type OrderErrorCode = (typeof orderErrorCodes)[number];

/** A field of the request that is wrong; `path` in the JSON names of the contract. */
export interface FieldViolation {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

export class OrderError extends Error {
  readonly code: OrderErrorCode;
  readonly violations: readonly FieldViolation[];
  /** When it is worth to try again; undefined when that is not known. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: OrderErrorCode,
    message: string,
    violations: readonly FieldViolation[] = [],
    options: ErrorOptions & { readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.name = "OrderError";
    this.code = code;
    this.violations = violations;
    this.retryAfterMs = options.retryAfterMs;
  }
}
