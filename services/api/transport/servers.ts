import { createServer as createHttp1Server, type RequestListener } from "node:http";
import { createServer as createHttp2Server, type Http2SecureServer, type Http2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { Lifecycle } from "../../platform/lifecycle.ts";
import type { Logger } from "../../platform/logger.ts";
import { listen } from "../../platform/ops-server.ts";
import type { Tracer } from "../../platform/tracing/tracer.ts";
import { takeBeforeRequests } from "./before-requests.ts";
import { limitAge } from "./connection-age.ts";
import { createCors } from "./cors.ts";
import type { Gate } from "./gate.ts";
import { closingResponses, drainHttp1 } from "./http1-drain.ts";
import { http2Drain } from "./http2-drain.ts";
import { http1Limits, http2Limits, MAX_RESPONSE_BYTES } from "./listener-limits.ts";
import { traced } from "./rpc/call-spans.ts";
import { createErrorInterceptor, createObserveInterceptor, privateGets } from "./rpc/interceptors.ts";
import { type ObservedCall, observed } from "./rpc/observed-call.ts";
import { createRequestGate } from "./rpc/request-gate.ts";
import { createUnaryGrpc } from "./rpc/unary-grpc.ts";
import { type Certificate, createTlsServer } from "./tls-server.ts";
import { discardWhenAnswered } from "./unread-request.ts";

export interface ServersOptions {
  readonly host: string;
  /** HTTP/1.1: REST, Connect, gRPC-Web. 0 takes any free one. */
  readonly httpPort: number;
  /** HTTP/2 without TLS: gRPC, Connect, gRPC-Web, REST. 0 takes any free one. */
  readonly grpcPort: number;
  readonly rest: Pick<Hono, "fetch">;
  readonly routes: (router: ConnectRouter) => void;
  readonly gate: Gate;
  /** With it both ports speak TLS, and both HTTP/2 and HTTP/1.1. */
  readonly certificate: Certificate | undefined;
  readonly observeRpc: (call: ObservedCall) => void;
  readonly tracer: Tracer;
  readonly maxBodyBytes: number;
  readonly maxTimeoutMs: number;
  /** Whose pages may use both doors from a browser. */
  readonly corsOrigins: readonly string[];
  readonly connectionMaxAgeMs: number;
  /** A stream may live for longer than other calls: so long an old connection is kept for it. */
  readonly longestCallMs: number;
  /** Aborts when the API begins to stop: from then on clients are told to go elsewhere. */
  readonly stopping: AbortSignal;
  /** How long a stop waits for what is in flight. */
  readonly drainMs: number;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
}

/**
 * One handler on two listeners, for Node's cleartext HTTP/2 server refuses HTTP/1.1. RPC comes first; what is no RPC path goes to
 * REST. At a stop both close, and what is in flight is finished.
 */
export async function startServers(options: ServersOptions): Promise<{ httpPort: number; grpcPort: number }> {
  const { rest, routes, maxBodyBytes, maxTimeoutMs, stopping, drainMs, lifecycle, log } = options;
  const begin = traced(options.tracer, observed(options.observeRpc));
  const rpc = {
    routes,
    interceptors: [
      createObserveInterceptor(begin),
      privateGets,
      createErrorInterceptor(log),
      createValidateInterceptor(),
    ],
    requestGate: createRequestGate({ gate: options.gate, begin, log }),
    readMaxBytes: maxBodyBytes,
    writeMaxBytes: MAX_RESPONSE_BYTES,
    maxTimeoutMs,
  };
  const cors = createCors(options.corsOrigins);
  const adapter = connectNodeAdapter({
    ...rpc,
    fallback: getRequestListener(rest.fetch) as Parameters<typeof connectNodeAdapter>[0]["fallback"] & {},
  });
  const handler: typeof adapter = (request, response) => {
    if (cors(request, response)) return;
    discardWhenAnswered(request, response);
    adapter(request, response);
  };
  const unaryGrpc = createUnaryGrpc({ ...rpc, log });
  const age = { maxAgeMs: options.connectionMaxAgeMs, graceMs: options.longestCallMs };
  const serveHttp2 = (server: Http2Server | Http2SecureServer) => {
    takeBeforeRequests(server, unaryGrpc);
    server.on("session", (session) => limitAge(session, age));
  };

  const { certificate } = options;
  if (certificate) {
    const tls = { certificate, handler, stopping };
    const [first, second] = [createTlsServer(tls), createTlsServer(tls)];
    for (const { server } of [first, second]) serveHttp2(server);
    lifecycle.onStop("listeners", () => Promise.all([first.drain(drainMs), second.drain(drainMs)]));
    await listen(first.server, options.host, options.httpPort);
    await listen(second.server, options.host, options.grpcPort);
    return { httpPort: portOf(first.server), grpcPort: portOf(second.server) };
  }

  const http1 = createHttp1Server(
    { ...http1Limits, ServerResponse: closingResponses(stopping) },
    handler as RequestListener,
  );
  await listen(http1, options.host, options.httpPort);

  const http2 = createHttp2Server(http2Limits, handler);
  serveHttp2(http2);
  const drainHttp2 = http2Drain(http2);
  lifecycle.onStop("listeners", () => Promise.all([drainHttp1(http1, drainMs), drainHttp2(drainMs)]));
  await listen(http2, options.host, options.grpcPort);
  return { httpPort: portOf(http1), grpcPort: portOf(http2) };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
