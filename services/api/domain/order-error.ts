/** Everything that a caller can be told; each transport maps each code once. */
export type OrderErrorCode = "INVALID_ORDER" | "ORDER_NOT_FOUND" | "UNAVAILABLE";

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
