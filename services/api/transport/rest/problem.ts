import { type FieldViolation, OrderError } from "../../domain/order-error.ts";
import { challengeOf } from "../challenge.ts";
import { type ProblemCode, problemType, problemTypes } from "./problem-types.ts";
import { type RestContext, respond } from "./respond.ts";

/** A wrong part of a request: of its body (JSON pointer as URI fragment, RFC 6901), its path or query, or its headers. */
export type WrongPart = { readonly detail: string } & (
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string }
);

/** A body may have a hundred thousand faults; the first of them are enough to know what is wrong. */
const MAX_ERRORS = 100;

/** A refused request, as RFC 9457 tells it. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly WrongPart[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: ErrorOptions & {
      readonly errors?: readonly WrongPart[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail, options);
    this.name = "Problem";
    this.code = code;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return problemTypes[this.code].status;
  }
}

export function invalid(errors: readonly WrongPart[]): Problem {
  return new Problem("INVALID_REQUEST", "the request has wrong values", { errors });
}

/** The problem that an error is for the caller; what no table knows tells nothing of itself. */
export function toProblem(error: unknown, method: string): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof OrderError) {
    const { code, message, violations, retryAfterMs, cause } = error;
    // What has no body has its fields in the query.
    const hasBody = method !== "GET" && method !== "HEAD";
    const errors = violations.map(({ path, problem }) =>
      hasBody ? wrongField(path, problem) : { parameter: path.join("."), detail: problem },
    );
    const challenge = challengeOf(error);
    const headers = {
      ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
      ...retryHeaders(code, retryAfterMs),
    };
    return new Problem(code, message, { errors, headers, cause });
  }
  const detail =
    "The request could not be handled; it is safe to ask for the order's state and to try again.";
  return new Problem("INTERNAL_ERROR", detail, { cause: error });
}

export function problemResponse(c: RestContext, problem: Problem): Response {
  const { status, title } = problemTypes[problem.code];
  const body = {
    type: problemType(problem.code),
    title,
    status,
    detail: problem.message,
    instance: c.req.path,
    trace_id: c.get("traceId"),
    ...(problem.errors.length > 0 ? { errors: problem.errors.slice(0, MAX_ERRORS) } : {}),
  };
  return respond(c, status, JSON.stringify(body), {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...problem.headers,
  });
}

export function wrongField(path: FieldViolation["path"], detail: string): WrongPart {
  const parts = path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`);
  return { pointer: `#${parts.map(encodeURI).join("")}`, detail };
}

/** Retry-After (RFC 9110, section 10.2.3) is in whole seconds; who is told to come back later is told when. */
function retryHeaders(code: ProblemCode, retryAfterMs: number | undefined): Record<string, string> {
  const { status } = problemTypes[code];
  const ms = retryAfterMs ?? (status === 429 || status === 503 ? 1_000 : undefined);
  return ms === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(ms / 1_000))) };
}
