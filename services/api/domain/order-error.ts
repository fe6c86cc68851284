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
  "PERMISSION_DENIED",
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

  constructor(
    code: OrderErrorCode,
    message: string,
    violations: readonly FieldViolation[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "OrderError";
    this.code = code;
    this.violations = violations;
  }
}
