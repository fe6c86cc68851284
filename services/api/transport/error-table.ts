import { Code } from "@connectrpc/connect";
import type { OrderErrorCode } from "../domain/order-error.ts";

export interface ErrorMapping {
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503 | 504;
  /** RFC 9457 "type". */
  readonly type: string;
  readonly title: string;
  readonly connectCode: Code;
}

/** The one mapping of what can go wrong to both doors; total, so that a new code does not compile without its row. */
export const errorTable: Readonly<Record<OrderErrorCode, ErrorMapping>> = {
  INVALID_REQUEST: {
    status: 400,
    type: "urn:problem:orders:invalid-request",
    title: "The request is not valid",
    connectCode: Code.InvalidArgument,
  },
  ORDER_NOT_FOUND: {
    status: 404,
    type: "urn:problem:orders:order-not-found",
    title: "There is no such order",
    connectCode: Code.NotFound,
  },
  TRANSITION_NOT_ALLOWED: {
    status: 409,
    type: "urn:problem:orders:transition-not-allowed",
    title: "The order's state does not allow this",
    connectCode: Code.FailedPrecondition,
  },
  VERSION_MISMATCH: {
    status: 412,
    type: "urn:problem:orders:version-mismatch",
    title: "The order is at another version",
    connectCode: Code.FailedPrecondition,
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    type: "urn:problem:orders:idempotency-key-reused",
    title: "The idempotency key belongs to another request",
    connectCode: Code.InvalidArgument,
  },
  IDEMPOTENCY_KEY_IN_FLIGHT: {
    status: 409,
    type: "urn:problem:orders:idempotency-key-in-flight",
    title: "The first request is still worked on",
    connectCode: Code.Aborted,
  },
  UNAUTHENTICATED: {
    status: 401,
    type: "urn:problem:orders:unauthenticated",
    title: "It is not known who the caller is",
    connectCode: Code.Unauthenticated,
  },
  PERMISSION_DENIED: {
    status: 403,
    type: "urn:problem:orders:permission-denied",
    title: "This is not allowed to the caller",
    connectCode: Code.PermissionDenied,
  },
  RATE_LIMITED: {
    status: 429,
    type: "urn:problem:orders:rate-limited",
    title: "The caller asks more often than it may",
    connectCode: Code.ResourceExhausted,
  },
  DEADLINE_EXCEEDED: {
    status: 504,
    type: "urn:problem:orders:deadline-exceeded",
    title: "The deadline has passed",
    connectCode: Code.DeadlineExceeded,
  },
  OVERLOADED: {
    status: 503,
    type: "urn:problem:orders:overloaded",
    title: "Too much is asked for at once",
    connectCode: Code.ResourceExhausted,
  },
  UNAVAILABLE: {
    status: 503,
    type: "urn:problem:orders:unavailable",
    title: "The service cannot do this now",
    connectCode: Code.Unavailable,
  },
};
