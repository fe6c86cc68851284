import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "../../../platform/logger.ts";
import { toConnectError } from "./connect-errors.ts";

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

export type RpcProtocol = "grpc" | "grpc-web" | "connect";

export interface ObservedCall {
  /** `orders.v1.OrderService/GetOrder` */
  readonly method: string;
  readonly protocol: RpcProtocol;
  /** In the lower case of Connect's specification; "ok" for a success. */
  readonly code: string;
  readonly seconds: number;
}

/** Tells how long each call took, a stream until its end, and how it ended. */
export function createObserveInterceptor(observe: (call: ObservedCall) => void): Interceptor {
  return (next) => async (request) => {
    const done = beginCall(request.method, request.header, observe);
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

/** Of a call that begins now: what is to be told of it when it has ended with this code. */
export function beginCall(
  { parent, name }: DescMethod,
  header: Headers,
  observe: (call: ObservedCall) => void,
): (code: string) => void {
  const start = performance.now();
  const method = `${parent.typeName}/${name}`;
  const protocol = protocolOf(header.get("content-type"));
  return (code) => observe({ method, protocol, code, seconds: (performance.now() - start) / 1000 });
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

/** As metrics have it. */
export function codeOf(error: unknown): string {
  return codeToString(ConnectError.from(error).code);
}

function protocolOf(contentType: string | null): RpcProtocol {
  if (contentType?.startsWith("application/grpc-web")) return "grpc-web";
  return contentType?.startsWith("application/grpc") ? "grpc" : "connect";
}
