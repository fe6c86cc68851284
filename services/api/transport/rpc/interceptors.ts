import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Logger } from "../../../platform/logger.ts";
import { OrderError } from "../../domain/order-error.ts";
import { errorTable } from "../error-table.ts";

/** Gives every error the code of the error table; what the table does not know is logged and tells nothing of itself. */
export function createErrorInterceptor(log: Logger): Interceptor {
  return (next) => async (request) => {
    const told = (error: unknown) => toConnectError(error, log, request.method.name);
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: translated(response.message, told) };
    } catch (error) {
      throw told(error);
    }
  };
}

/** A stream fails long after its call was answered. */
async function* translated<T>(messages: AsyncIterable<T>, told: (error: unknown) => ConnectError) {
  try {
    yield* messages;
  } catch (error) {
    throw told(error);
  }
}

/** What an error is for the caller. */
export function toConnectError(error: unknown, log: Logger, method: string): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof OrderError) {
    const fields = error.violations.map(({ path, problem }) => `${path.join(".")}: ${problem}`);
    const message = [error.message, ...fields].join("; ");
    return new ConnectError(message, errorTable[error.code].connectCode, undefined, undefined, error);
  }
  log.error({ err: error, method }, "call failed");
  return new ConnectError("internal error", Code.Internal);
}

/** Tells how long each call took, a stream until its end, and how it ended; the code of a success is "ok". */
export function createObserveInterceptor(
  observe: (method: string, code: string, seconds: number) => void,
): Interceptor {
  return (next) => async (request) => {
    const start = performance.now();
    const method = `${request.service.typeName}/${request.method.name}`;
    const done = (code: string) => observe(method, code, (performance.now() - start) / 1000);
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: observed(response.message, done) };
      done("ok");
      return response;
    } catch (error) {
      done(codeOf(error));
      throw error;
    }
  };
}

async function* observed<T>(messages: AsyncIterable<T>, done: (code: string) => void) {
  let code = "canceled"; // when nobody reads on
  try {
    yield* messages;
    code = "ok";
  } catch (error) {
    code = codeOf(error);
    throw error;
  } finally {
    done(code);
  }
}

/** As metrics have it. */
export function codeOf(error: unknown): string {
  return Code[ConnectError.from(error).code].toLowerCase();
}
