import { createServer as createHttp1Server, type RequestListener } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { Lifecycle } from "../../platform/lifecycle.ts";
import type { Logger } from "../../platform/logger.ts";
import { listen } from "../../platform/ops-server.ts";
import type { OrderUseCases } from "../application/factories/order-use-cases.ts";
import { takeBeforeRequests } from "./before-requests.ts";
import { createErrorInterceptor, createObserveInterceptor } from "./rpc/interceptors.ts";
import { orderServiceRoutes } from "./rpc/order-service.ts";
import { createUnaryGrpc } from "./rpc/unary-grpc.ts";

export interface ServersOptions {
  readonly host: string;
  /** HTTP/1.1: REST, Connect, gRPC-Web. 0 takes any free one. */
  readonly httpPort: number;
  /** HTTP/2 without TLS: gRPC, Connect, gRPC-Web, REST. 0 takes any free one. */
  readonly grpcPort: number;
  readonly rest: Pick<Hono, "fetch">;
  readonly useCases: OrderUseCases;
  readonly observeRpc: (method: string, code: string, seconds: number) => void;
  readonly maxBodyBytes: number;
  readonly maxTimeoutMs: number;
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
  const { rest, useCases, observeRpc, maxBodyBytes, maxTimeoutMs, drainMs, lifecycle, log } = options;
  const rpc = {
    routes: orderServiceRoutes(useCases),
    interceptors: [
      createObserveInterceptor(observeRpc),
      createErrorInterceptor(log),
      createValidateInterceptor(),
    ],
    readMaxBytes: maxBodyBytes,
    maxTimeoutMs,
  };
  const handler = connectNodeAdapter({
    ...rpc,
    fallback: getRequestListener(rest.fetch) as Parameters<typeof connectNodeAdapter>[0]["fallback"] & {},
  });

  const http1 = createHttp1Server(handler as RequestListener);
  await listen(http1, options.host, options.httpPort);
  lifecycle.onStop("HTTP/1.1 listener", () => {
    const closed = close(http1, drainMs, () => http1.closeAllConnections());
    http1.closeIdleConnections();
    return closed;
  });

  const http2 = createHttp2Server(handler);
  takeBeforeRequests(http2, createUnaryGrpc({ ...rpc, log }));
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
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
