import { toJsonString } from "@bufbuild/protobuf";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { routePath } from "hono/route";
import { secureHeaders } from "hono/secure-headers";
import { OrderSchema } from "../../../gen/orders/v1/order_pb.ts";
import { CreateOrderRequestSchema, GetOrderRequestSchema } from "../../../gen/orders/v1/order_service_pb.ts";
import type { Logger } from "../../../platform/logger.ts";
import { notReadyReasons, type ReadinessCheck } from "../../../platform/ops-server.ts";
import type { CommandContext } from "../../application/call-context.ts";
import type { OrderUseCases } from "../../application/factories/order-use-cases.ts";
import type { Order } from "../../domain/order.ts";
import { OrderError } from "../../domain/order-error.ts";
import { toCreateOrderInput, toOrderMessage, validTraceparent } from "../order-messages.ts";
import { Problem, problemResponse, toProblem } from "./problem.ts";
import { readMessage } from "./read-message.ts";
import { requestDeadline } from "./request-deadline.ts";

export interface RestOptions {
  readonly useCases: OrderUseCases;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly log: Logger;
  /** Called once per request with the route's pattern, never the path. */
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
  readonly maxBodyBytes: number;
}

/** The REST door. Bodies are the proto3 JSON of orders.v1; every error is application/problem+json (RFC 9457). */
export function createRestApp({ useCases, checks, log, observe, maxBodyBytes }: RestOptions): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    const start = performance.now();
    await next();
    observe(routePath(c, -1), c.req.method, c.res.status, (performance.now() - start) / 1000);
  });
  app.use(secureHeaders());

  const tooLarge = (c: Context) => {
    const detail = `a body may have ${maxBodyBytes} bytes at the most`;
    // The rest of the body is not read: an HTTP/1.1 connection cannot be used again (HTTP/2 has no such header).
    const headers: Record<string, string> = isHttp1(c) ? { connection: "close" } : {};
    return problemResponse(c, new Problem({ status: 413, title: "Content too large", detail }), headers);
  };
  const limitStream = bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge });
  /** Node holds a body to its content-length. Hono's limit makes a stream of every body, which costs more than all else here. */
  const limitBody: MiddlewareHandler = async (c, next) => {
    const length = c.req.header("content-length");
    if (length === undefined) return limitStream(c, next);
    return Number(length) > maxBodyBytes ? tooLarge(c) : next();
  };

  app.post("/orders", limitBody, async (c) => {
    requireJson(c);
    const request = readMessage(CreateOrderRequestSchema, await c.req.text());
    const order = await useCases.createOrder(toCreateOrderInput(request), contextOf(c));
    return orderResponse(c, order, 201, { location: `/orders/${order.id}` });
  });
  app.get("/orders/:id", async (c) => {
    const { id } = readMessage(GetOrderRequestSchema, JSON.stringify({ id: c.req.param("id") }));
    return orderResponse(c, await useCases.getOrder(id, contextOf(c)), 200);
  });

  const health = (c: Context) => {
    const reasons = notReadyReasons(checks);
    if (Object.keys(reasons).length === 0) return c.json({ status: "ready" });
    return c.json({ status: "not ready", reasons }, 503);
  };
  app.get("/healthz", health);
  app.get("/readyz", health);
  app.get("/livez", (c) => c.json({ status: "ok" }));

  const methods = { "/orders": "POST", "/orders/:id": "GET, HEAD" };
  for (const [path, allow] of Object.entries(methods)) {
    app.all(path, (c) => {
      const detail = `${c.req.method} is not possible here`;
      return problemResponse(c, new Problem({ status: 405, title: "Method not allowed", detail }), { allow });
    });
  }
  app.notFound((c) => {
    const detail = `there is nothing at ${c.req.path}`;
    return problemResponse(c, new Problem({ status: 404, title: "Not found", detail }));
  });
  app.onError((error, c) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && !isExpected(error)) {
      log.error({ err: error, route: routePath(c, -1) }, "request failed");
    }
    return problemResponse(c, problem);
  });
  return app;
}

/** Counted, not logged: under overload a line for each would be one more load. */
function isExpected(error: Error): boolean {
  return error instanceof OrderError && (error.code === "OVERLOADED" || error.code === "DEADLINE_EXCEEDED");
}

function contextOf(c: Context): CommandContext {
  return {
    caller: { id: "anonymous", customerId: undefined },
    deadline: requestDeadline(c),
    traceparent: validTraceparent(c.req.header("traceparent")),
    idempotencyKey: c.req.header("idempotency-key"),
  };
}

function isHttp1(c: Context): boolean {
  return (c.env as { incoming?: { httpVersionMajor?: number } }).incoming?.httpVersionMajor === 1;
}

function requireJson(c: Context): void {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  const detail = "the body must be application/json";
  throw new Problem({ status: 415, title: "Unsupported media type", detail });
}

function orderResponse(
  c: Context,
  order: Order,
  status: 200 | 201,
  headers: Record<string, string> = {},
): Response {
  const body = toJsonString(OrderSchema, toOrderMessage(order), { alwaysEmitImplicit: true });
  return c.body(body, status, { "content-type": "application/json", ...headers });
}
