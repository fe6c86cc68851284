import { Code } from "@connectrpc/connect";
import type { OrderErrorCode } from "../domain/order-error.ts";

export interface ErrorMapping {
  readonly status: 400 | 404 | 503;
  /** RFC 9457 "type". */
  readonly type: string;
  readonly title: string;
  readonly connectCode: Code;
}

/** The one mapping of what can go wrong to both doors; total, so that a new code does not compile without its row. */
export const errorTable: Readonly<Record<OrderErrorCode, ErrorMapping>> = {
  INVALID_ORDER: {
    status: 400,
    type: "urn:problem:orders:invalid-order",
    title: "The order is not valid",
    connectCode: Code.InvalidArgument,
  },
  ORDER_NOT_FOUND: {
    status: 404,
    type: "urn:problem:orders:order-not-found",
    title: "There is no such order",
    connectCode: Code.NotFound,
  },
  UNAVAILABLE: {
    status: 503,
    type: "urn:problem:orders:unavailable",
    title: "The service cannot do this now",
    connectCode: Code.Unavailable,
  },
};
