import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type FieldViolation, OrderError } from "../../domain/order-error.ts";
import { errorTable } from "../error-table.ts";

/** A refused request, as RFC 9457 tells it; `errors` names each wrong field by JSON pointer (RFC 6901, as URI fragment). */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly type: string;
  readonly title: string;
  readonly violations: readonly FieldViolation[];

  constructor(options: {
    readonly status: ContentfulStatusCode;
    readonly type?: string;
    readonly title: string;
    readonly detail: string;
    readonly violations?: readonly FieldViolation[];
    readonly cause?: unknown;
  }) {
    super(options.detail, { cause: options.cause });
    this.name = "Problem";
    this.status = options.status;
    this.type = options.type ?? "about:blank";
    this.title = options.title;
    this.violations = options.violations ?? [];
  }
}

/** The problem that an error is for the caller; what is not known to the table tells nothing of itself. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof OrderError) {
    const { status, type, title } = errorTable[error.code];
    return new Problem({
      status,
      type,
      title,
      detail: error.message,
      violations: error.violations,
      cause: error,
    });
  }
  const detail =
    "The request could not be handled; it is safe to ask for the order's state and to try again.";
  return new Problem({ status: 500, title: "Internal error", detail, cause: error });
}

export function problemResponse(
  c: Context,
  problem: Problem,
  headers: Record<string, string> = {},
): Response {
  const { type, title, status, message: detail, violations } = problem;
  const errors = violations.map(({ path, problem }) => ({ pointer: toPointer(path), detail: problem }));
  const body = {
    type,
    title,
    status,
    detail,
    instance: c.req.path,
    ...(errors.length > 0 ? { errors } : {}),
  };
  return c.body(JSON.stringify(body), status, {
    "content-type": "application/problem+json",
    ...(status === 503 ? { "retry-after": "1" } : {}),
    ...headers,
  });
}

function toPointer(path: FieldViolation["path"]): string {
  return `#${path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")}`;
}
