import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Logger } from "../../../platform/logger.ts";
import { OrderError } from "../../domain/order-error.ts";
import { errorTable } from "../error-table.ts";

/** Gives every error the code of the error table; what the table does not know is logged and tells nothing of itself. */
export function createErrorInterceptor(log: Logger): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      throw toConnectError(error, log, request.method.name);
    }
  };
}

function toConnectError(error: unknown, log: Logger, method: string): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof OrderError) {
    const fields = error.violations.map(({ path, problem }) => `${path.join(".")}: ${problem}`);
    const message = [error.message, ...fields].join("; ");
    return new ConnectError(message, errorTable[error.code].connectCode, undefined, undefined, error);
  }
  log.error({ err: error, method }, "call failed");
  return new ConnectError("internal error", Code.Internal);
}

/** Tells how long each call took and how it ended; the code of a success is "ok". */
export function createObserveInterceptor(
  observe: (method: string, code: string, seconds: number) => void,
): Interceptor {
  return (next) => async (request) => {
    const start = performance.now();
    const method = `${request.service.typeName}/${request.method.name}`;
    const done = (code: string) => observe(method, code, (performance.now() - start) / 1000);
    try {
      const response = await next(request);
      done("ok");
      return response;
    } catch (error) {
      done(Code[ConnectError.from(error).code].toLowerCase());
      throw error;
    }
  };
}
