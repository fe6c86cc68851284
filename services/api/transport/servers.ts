import { createServer as createHttp1Server, type RequestListener } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { Lifecycle } from "../../platform/lifecycle.ts";
import type { Logger } from "../../platform/logger.ts";
import { listen } from "../../platform/ops-server.ts";
import { takeBeforeRequests } from "./before-requests.ts";
import { limitAge } from "./connection-age.ts";
import { createCors } from "./cors.ts";
import { http1Limits, http2Limits, MAX_RESPONSE_BYTES } from "./listener-limits.ts";
import {
  createErrorInterceptor,
  createObserveInterceptor,
  type ObservedCall,
  privateGets,
} from "./rpc/interceptors.ts";
import { createUnaryGrpc } from "./rpc/unary-grpc.ts";
import { type Certificate, createTlsServer } from "./tls-server.ts";

export interface ServersOptions {
  readonly host: string;
  /** HTTP/1.1: REST, Connect, gRPC-Web. 0 takes any free one. */
  readonly httpPort: number;
  /** HTTP/2 without TLS: gRPC, Connect, gRPC-Web, REST. 0 takes any free one. */
  readonly grpcPort: number;
  readonly rest: Hono;
  readonly routes: (router: ConnectRouter) => void;
  readonly observeRpc: (call: ObservedCall) => void;
  readonly maxBodyBytes: number;
  readonly maxTimeoutMs: number;
  /** Whose pages may use both doors from a browser. */
  readonly corsOrigins: readonly string[];
  readonly connectionMaxAgeMs: number;
  /** How long a stop waits for what is in flight on each listener. */
  readonly drainMs: number;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
}

/**
 * One handler on two listeners, for Node's cleartext HTTP/2 server refuses HTTP/1.1. RPC comes first; what is no RPC path goes to
 * REST. At a stop the listeners close and what is in flight is finished.
 */
export async function startServers(options: ServersOptions): Promise<{ httpPort: number; grpcPort: number }> {
  const { rest, observeRpc, maxBodyBytes, maxTimeoutMs, drainMs, lifecycle, log } = options;
  const rpc = {
    routes: options.routes,
    interceptors: [
      createObserveInterceptor(observeRpc),
      privateGets,
      createErrorInterceptor(log),
      createValidateInterceptor(),
    ],
    requestGate: createRequestGate({ gate: options.gate, observe: observeRpc, log }),
    readMaxBytes: maxBodyBytes,
    writeMaxBytes: MAX_RESPONSE_BYTES,
    maxTimeoutMs,
  };
  const cors = createCors(options.corsOrigins);
  const adapter = connectNodeAdapter({
    ...rpc,
    fallback: getRequestListener(rest.fetch) as Parameters<typeof connectNodeAdapter>[0]["fallback"] & {},
  });
  const unaryGrpc = createUnaryGrpc({ ...rpc, log });

  const { certificate } = options;
  if (certificate) {
    const tls = { certificate, handler, stopping };
    const [first, second] = [createTlsServer(tls), createTlsServer(tls)];
    for (const { server } of [first, second]) takeBeforeRequests(server, unaryGrpc);
    lifecycle.onStop("listeners", () => Promise.all([first.drain(drainMs), second.drain(drainMs)]));
    await listen(first.server, options.host, options.httpPort);
    await listen(second.server, options.host, options.grpcPort);
    return { httpPort: portOf(first.server), grpcPort: portOf(second.server) };
  }

  const handler: typeof adapter = (request, response) => {
    if (!cors(request, response)) adapter(request, response);
  };

  const http1 = createHttp1Server(http1Limits, handler as RequestListener);
  await listen(http1, options.host, options.httpPort);
  lifecycle.onStop("HTTP/1.1 listener", () => {
    const closed = close(http1, drainMs, () => http1.closeAllConnections());
    http1.closeIdleConnections();
    return closed;
  });

  const http2 = createHttp2Server(http2Limits, handler);
  takeBeforeRequests(http2, createUnaryGrpc({ ...rpc, log }));
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    limitAge(session, {
      maxAgeMs: options.connectionMaxAgeMs,
      graceMs: maxTimeoutMs,
      retire: async () => session.close(),
    });
    session.once("close", () => sessions.delete(session));
  });
  await listen(http2, options.host, options.grpcPort);
  lifecycle.onStop("HTTP/2 listener", () => {
    const closed = close(http2, drainMs, () => {
      for (const session of sessions) session.destroy();
    });
    for (const session of sessions) session.close();
    return closed;
  });
  return { httpPort: portOf(http1), grpcPort: portOf(http2) };
}

/** Takes no more connections; resolves when those in use have ended, which `force` brings about after `drainMs`. */
async function close(server: Server, drainMs: number, force: () => void): Promise<void> {
  const timer = setTimeout(force, drainMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
