import { ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Logger } from "../../../platform/logger.ts";
import { toConnectError } from "./connect-errors.ts";
import { type BeginCall, codeOf } from "./observed-call.ts";

/** Gives every error the code of the error table, and its details. */
export function createErrorInterceptor(log: Logger): Interceptor {
  return (next) => async (request) => {
    const told = (error: unknown) => toConnectError(error, request, log);
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: failingWith(response.message, told) };
    } catch (error) {
      throw told(error);
    }
  };
}

async function* failingWith<T>(messages: AsyncIterable<T>, told: (error: unknown) => Error) {
  try {
    yield* messages;
  } catch (error) {
    throw told(error);
  }
}

/** Observes each call, a stream until its end. */
export function createObserveInterceptor(begin: BeginCall): Interceptor {
  return (next) => async (request) => {
    const { method, header, contextValues: values } = request;
    const done = begin({ method, header, values, startedAt: performance.now() });
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: untilEnd(response.message, request.signal, done) };
      done("ok");
      return response;
    } catch (error) {
      done(codeOf(error));
      throw error;
    }
  };
}

async function* untilEnd<T>(messages: AsyncIterable<T>, signal: AbortSignal, done: (code: string) => void) {
  let code = "canceled"; // when nobody wants the rest
  try {
    yield* messages;
    code = signal.aborted ? codeOf(signal.reason) : "ok";
  } catch (error) {
    code = codeOf(error);
    throw error;
  } finally {
    done(code);
  }
}

const PRIVATE = "private, no-cache";

/**
 * Connect calls reads by GET as well: caches on the way may not keep what one caller is allowed to see, nor a failure, and the browser's
 * own asks again each time.
 */
export const privateGets: Interceptor = (next) => (request) =>
  request.requestMethod === "GET" ? answeredPrivately(next(request)) : next(request);

async function answeredPrivately<T extends { readonly header: Headers }>(answer: Promise<T>): Promise<T> {
  try {
    const response = await answer;
    response.header.set("cache-control", PRIVATE);
    return response;
  } catch (error) {
    const told = ConnectError.from(error);
    told.metadata.set("cache-control", PRIVATE);
    throw told;
  }
}
