import { Code } from "@connectrpc/connect";
import type { OrderErrorCode } from "../domain/order-error.ts";

export interface ErrorMapping {
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503 | 504;
  readonly title: string;
  /** What the caller can do, for the documentation. */
  readonly help: string;
  readonly connectCode: Code;
}

/** The one mapping of what can go wrong to both doors; total, so that a new code does not compile without its row. */
export const errorTable: Readonly<Record<OrderErrorCode, ErrorMapping>> = {
  INVALID_REQUEST: {
    status: 400,
    title: "The request is not valid",
    help: "The members of errors name each wrong part of the request. Sent again as it is, it fails again.",
    connectCode: Code.InvalidArgument,
  },
  ORDER_NOT_FOUND: {
    status: 404,
    title: "There is no such order",
    help: "No order has this id, or it is another customer's. An order that was just created is there as soon as its creation was answered.",
    connectCode: Code.NotFound,
  },
  TRANSITION_NOT_ALLOWED: {
    status: 409,
    title: "The order's state does not allow this",
    help: "An order goes from created to ready, then to issued or returned; while created or ready it can be cancelled. Read the order to see where it stands.",
    connectCode: Code.FailedPrecondition,
  },
  VERSION_MISMATCH: {
    status: 412,
    title: "The order is at another version",
    help: "Somebody changed the order since it was read, and nothing was done. Read it again, decide again, and send its new ETag.",
    connectCode: Code.FailedPrecondition,
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: "The idempotency key belongs to another request",
    help: "A request with this key was done, and it was not this one; nothing was done now. Use a new key for each new request, the same only to repeat one.",
    connectCode: Code.InvalidArgument,
  },
  IDEMPOTENCY_KEY_IN_FLIGHT: {
    status: 409,
    title: "The first request is still worked on",
    help: "A request with this key came before and is not finished. Send it again a little later: it is then given the first answer.",
    connectCode: Code.Aborted,
  },
  UNAUTHENTICATED: {
    status: 401,
    title: "It is not known who the caller is",
    help: "Send a bearer token that is valid now in the header Authorization.",
    connectCode: Code.Unauthenticated,
  },
  PERMISSION_DENIED: {
    status: 403,
    title: "This is not allowed to the caller",
    help: "The caller is known, but its token does not allow this. Sent again with the same token, it fails again.",
    connectCode: Code.PermissionDenied,
  },
  RATE_LIMITED: {
    status: 429,
    title: "The caller asks more often than it may",
    help: "Wait for as many seconds as Retry-After says, and send it again.",
    connectCode: Code.ResourceExhausted,
  },
  DEADLINE_EXCEEDED: {
    status: 504,
    title: "The deadline has passed",
    help: "The answer took longer than the caller or the service waits. A change may have been done all the same: repeat it under the same idempotency key.",
    connectCode: Code.DeadlineExceeded,
  },
  OVERLOADED: {
    status: 503,
    title: "Too much is asked for at once",
    help: "Nothing was done. Wait for as many seconds as Retry-After says, and send it again.",
    connectCode: Code.ResourceExhausted,
  },
  UNAVAILABLE: {
    status: 503,
    title: "The service cannot do this now",
    help: "The database cannot be reached, or its answer was lost. A change may have been done all the same: repeat it under the same idempotency key after Retry-After.",
    connectCode: Code.Unavailable,
  },
};
