import type { DescMethod } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { CompilationError, RuntimeError, ValidationError } from "@bufbuild/protovalidate";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import type { Logger } from "../../../platform/logger.ts";
import { traceIdOf } from "../../../platform/tracing/trace-context.ts";
import { OrderError } from "../../domain/order-error.ts";
import { errorTable } from "../error-table.ts";
import { traceOf } from "./call-spans.ts";
import { fieldPath, refusalDetails, requestDetails } from "./error-details.ts";

/** The call that failed. */
export interface FailedCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly signal: AbortSignal;
  readonly contextValues: ContextValues;
}

/** What a call's caller is told; what the error table does not know is logged and tells nothing of itself. */
export function toConnectError(error: unknown, call: FailedCall, log: Logger): ConnectError {
  const { method, header, signal, contextValues } = call;
  const traceId = traceIdOf(traceOf(contextValues, header));
  if (error instanceof OrderError) {
    const { code, retryAfterMs } = error;
    const fields = error.violations.map(({ path, problem }) => ({
      field: fieldPath(path, method.input),
      description: problem,
    }));
    const message = [error.message, ...fields.map((each) => `${each.field}: ${each.description}`)].join("; ");
    const details = refusalDetails({ code, fields, retryAfterMs, traceId });
    return new ConnectError(message, errorTable[code].connectCode, undefined, details, error);
  }
  if (error instanceof ConnectError && !isBrokenRule(error.cause)) {
    // Of the rules in the contract, by the interceptor that enforces them: it gives buf.validate.Violations already.
    if (error.cause instanceof ValidationError) {
      const fields = error.cause.violations.map(({ field, message }) => ({
        field: pathToString(field),
        description: message,
      }));
      error.details.push(...refusalDetails({ code: "INVALID_REQUEST", fields, traceId }));
    }
    return error;
  }
  // Over HTTP/1.1 a caller that is gone aborts without a word of why.
  if (signal.aborted && error === signal.reason) return ConnectError.from(error, Code.Canceled);
  log.error({ err: error, method: method.name, trace_id: traceId }, "call failed");
  return new ConnectError("internal error", Code.Internal, undefined, requestDetails(traceId), error);
}

/** A rule of the contract that cannot be evaluated is no fault of the caller's. */
function isBrokenRule(cause: unknown): boolean {
  return cause instanceof CompilationError || cause instanceof RuntimeError;
}
