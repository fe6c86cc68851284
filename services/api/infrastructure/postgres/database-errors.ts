import { type Deadline, IdempotencyKeyTaken } from "../../application/ports.ts";
import { OrderError } from "../../domain/order-error.ts";

/** Serialization failure and deadlock: the same transaction can succeed when run again. */
const RETRYABLE = new Set(["40001", "40P01"]);

/** Ended by statement_timeout, or cancelled: it has done nothing. */
const QUERY_CANCELED = "57014";

/** Shutting down, starting up, too many connections; class 08 is "connection exception". */
const UNAVAILABLE = new Set(["57P01", "57P02", "57P03", "53300"]);

/** What Node's sockets and pg's pool throw has no SQLSTATE. */
const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
]);
const CONNECTION_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|connection error and is not queryable|Query read timeout/;

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error));
}

/** The database cannot be reached, or the connection broke: it is not known what became of the transaction. */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (UNAVAILABLE.has(code) || code.startsWith("08") || CONNECTION_CODES.has(code)) return true;
  if (error instanceof AggregateError) return error.errors.every(isUnavailable);
  return code === "" && error instanceof Error && CONNECTION_MESSAGES.test(error.message);
}

export function hasPassed(deadline: Deadline): boolean {
  const remainingMs = deadline.remainingMs();
  return remainingMs !== undefined && remainingMs <= 0;
}

/** In the application's words what a database access failed with; an error that is none of these stays as it is. */
export function toOrderError(error: unknown, deadline: Deadline): unknown {
  if (isUnavailable(error)) return unavailable("the database cannot be reached now; try again", error);
  if (codeOf(error) !== QUERY_CANCELED) return error;
  if (hasPassed(deadline) || deadline.signal.aborted) return deadlineExceeded(error);
  return unavailable("the database took too long; try again", error);
}

export function deadlineExceeded(cause?: unknown): OrderError {
  return new OrderError("DEADLINE_EXCEEDED", "the deadline passed before it was done", [], { cause });
}

/** After so many tries that it is better to tell the caller. */
export function contended(cause: unknown): OrderError {
  return unavailable("too many change the same at once; try again", cause);
}

function unavailable(message: string, cause: unknown): OrderError {
  return new OrderError("UNAVAILABLE", message, [], { cause });
}

/** What claim_idempotency_key raised, in the application's words. */
export function refusedKey(cause: unknown): Error | undefined {
  switch (codeOf(cause)) {
    case "IK001": {
      const message = "a request under this idempotency key is still worked on; try again later";
      return new OrderError("IDEMPOTENCY_KEY_IN_FLIGHT", message, [], { cause });
    }
    case "IK002":
      return new IdempotencyKeyTaken("a request was done under this idempotency key", { cause });
  }
  return undefined;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}
