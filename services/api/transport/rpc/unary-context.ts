import type { IncomingHttpHeaders } from "node:http2";
import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { contentTypeProto } from "@connectrpc/connect/protocol-grpc";

export interface UnaryContext extends HandlerContext {
  /** Tells whoever still works for the call that it is over. */
  abort(reason: unknown): void;
}

/**
 * What the handler and the interceptors of a gRPC call know of it. Connect's own `createHandlerContext` says the same with three
 * abort controllers that listen to one another, and takes twice as long.
 */
export function createUnaryContext(
  method: DescMethodUnary,
  headers: IncomingHttpHeaders,
  timeoutMs: number | undefined,
): UnaryContext {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let remainingMs = (): number | undefined => undefined;
  if (timeoutMs !== undefined) {
    const deadline = Date.now() + timeoutMs;
    remainingMs = () => deadline - Date.now();
    const expire = () => controller.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
    timer = setTimeout(expire, timeoutMs);
  }
  const responseHeader = new Headers();
  responseHeader.append("content-type", contentTypeProto);
  return {
    service: method.parent,
    method,
    protocolName: "grpc",
    requestMethod: "POST",
    url: `${headers[":scheme"]}://${headers[":authority"]}${headers[":path"]}`,
    requestHeader: toHeaders(headers),
    responseHeader,
    responseTrailer: new Headers(),
    values: createContextValues(),
    signal: controller.signal,
    timeoutMs: remainingMs,
    abort(reason) {
      clearTimeout(timer);
      controller.abort(reason);
    },
  };
}

/** Without those of HTTP/2 itself (":path" …). */
function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers(); // filled one by one: a list of pairs costs it three times as much
  for (const name in incoming) {
    const value = incoming[name];
    if (value !== undefined && !name.startsWith(":")) headers.append(name, String(value));
  }
  return headers;
}
