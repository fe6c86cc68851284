import type { OrderErrorCode } from "../../domain/order-error.ts";
import { type ErrorMapping, errorTable } from "../error-table.ts";

export interface ProblemType {
  readonly status: ErrorMapping["status"] | 405 | 406 | 413 | 415 | 428 | 500;
  readonly title: string;
  /** What the caller can do, for the documentation. */
  readonly help: string;
}

/** What only HTTP knows. */
type HttpProblemCode =
  | "MALFORMED_JSON"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "NOT_ACCEPTABLE"
  | "CONTENT_TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "PRECONDITION_REQUIRED"
  | "INTERNAL_ERROR";

export type ProblemCode = OrderErrorCode | HttpProblemCode;

/** Every kind of problem that this door answers with: those of both doors, and HTTP's own. */
export const problemTypes: Readonly<Record<ProblemCode, ProblemType>> = {
  ...errorTable,
  MALFORMED_JSON: {
    status: 400,
    title: "The body is not JSON",
    help: "The body must be JSON (RFC 8259) in UTF-8.",
  },
  NOT_FOUND: {
    status: 404,
    title: "There is nothing at this address",
    help: "The addresses of this service are in /openapi.json.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "This method is not possible here",
    help: "The header Allow names those that are.",
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: "There is no answer of this media type",
    help: "Answers are application/json, problems application/problem+json. Let the header Accept admit them, or leave it out.",
  },
  CONTENT_TOO_LARGE: {
    status: 413,
    title: "The body is too large",
    help: "The detail names the limit.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The body is of an unsupported media type",
    help: "Bodies are application/json in UTF-8, not compressed.",
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    title: "The request must name the version that it changes",
    help: "Read the order and send its ETag in the header If-Match, so that nobody else's change is overwritten unseen.",
  },
  INTERNAL_ERROR: {
    status: 500,
    title: "The request could not be handled",
    help: "This is a fault of the service: report it with the trace id. Repeating a change under the same idempotency key is safe.",
  },
};

export const problemCodes = Object.keys(problemTypes) as ProblemCode[];

/** RFC 9457 "type": where the kind of problem is explained (openapi/problem-page.ts). */
export function problemType(code: ProblemCode): string {
  return `/problems/${code.toLowerCase().replaceAll("_", "-")}`;
}
