import type { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import { routePath } from "hono/route";
import type { Logger } from "../../../platform/logger.ts";
import { notReadyReasons, type ReadinessCheck } from "../../../platform/ops-server.ts";
import type { Tracer } from "../../../platform/tracing/tracer.ts";
import type { Gate } from "../gate.ts";
import { requireJsonIsAccepted } from "./accept.ts";
import { serveDocumentation } from "./documentation.ts";
import type { OperationOptions, RestOperation } from "./operation.ts";
import { changeOrderOperations } from "./operations/change-order.ts";
import { createOrderOperation } from "./operations/create-order.ts";
import { getOrderOperation } from "./operations/get-order.ts";
import { listOrdersOperation } from "./operations/list-orders.ts";
import { Problem, problemResponse, toProblem } from "./problem.ts";
import { readQuery } from "./query.ts";
import { type RestContext, type RestEnv, respond } from "./respond.ts";
import { beginSpan, traceRequests } from "./trace.ts";

export interface RestOptions extends OperationOptions {
  readonly gate: Gate;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly log: Logger;
  /** Called once per request with the route's pattern, never the path. */
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
  readonly tracer: Tracer;
}

/** Counted, not logged: under overload a line for each would be one more load. */
const EXPECTED = new Set(["OVERLOADED", "DEADLINE_EXCEEDED"]);

/** The REST door. Bodies are the proto3 JSON of orders.v1; every error is application/problem+json (RFC 9457). */
export function createRestApp(options: RestOptions): Hono<RestEnv> {
  const { gate, checks, log, observe, tracer } = options;
  const app = new Hono<RestEnv>();

  app.use(async (c, next) => {
    const start = performance.now();
    await next();
    observe(routePath(c, -1), c.req.method, c.res.status, (performance.now() - start) / 1000);
  });
  app.use(traceRequests(tracer));

  const operations = [
    createOrderOperation(options),
    listOrdersOperation(options),
    getOrderOperation(options),
    ...changeOrderOperations(options),
  ];
  for (const operation of operations) {
    app.on(operation.route.method, pathOf(operation), through(gate, tracer, operation));
  }
  for (const [path, there] of Map.groupBy(operations, pathOf)) {
    const allow = allowedMethods(there);
    app.all(path, (c) => {
      throw new Problem("METHOD_NOT_ALLOWED", `${c.req.method} is not possible here`, { headers: { allow } });
    });
  }

  serveDocumentation(app, operations);

  const health = (c: RestContext) => {
    const reasons = notReadyReasons(checks);
    const isReady = Object.keys(reasons).length === 0;
    return json(c, isReady ? 200 : 503, isReady ? { status: "ready" } : { status: "not ready", reasons });
  };
  app.get("/healthz", health);
  app.get("/readyz", health);
  app.get("/livez", (c) => json(c, 200, { status: "ok" }));

  app.notFound((c) => problemResponse(c, new Problem("NOT_FOUND", `there is nothing at ${c.req.path}`)));
  app.onError((error, c) => {
    const problem = toProblem(error, c.req.method);
    const { traceId: trace_id, requestId: request_id } = c.var;
    const { code, status } = problem;
    const line = { err: error, code, route: routePath(c, -1), trace_id, request_id };
    log[status >= 500 && !EXPECTED.has(code) ? "error" : "debug"](line, "request refused");
    return problemResponse(c, problem);
  });
  return app;
}

/** Nothing of a request is looked at before it is known who sent it. */
function through(gate: Gate, tracer: Tracer, { name, route, handle }: RestOperation) {
  const parameters = Object.keys((route.request?.query as z.ZodObject | undefined)?.shape ?? {});
  const path = pathOf({ route });
  return async (c: RestContext): Promise<Response> => {
    beginSpan(c, tracer, path);
    const caller = await gate(name, { authorization: c.req.header("authorization") });
    requireJsonIsAccepted(c.req.header("accept"));
    return handle(c, caller, readQuery(c.req.url, parameters));
  };
}

function pathOf({ route }: Pick<RestOperation, "route">): string {
  return route.path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function allowedMethods(operations: readonly RestOperation[]): string {
  return operations.flatMap(({ route }) => (route.method === "get" ? ["GET", "HEAD"] : ["POST"])).join(", ");
}

function json(c: RestContext, status: number, body: unknown): Response {
  return respond(c, status, JSON.stringify(body), {
    "content-type": "application/json",
    "cache-control": "no-store",
  });
}
