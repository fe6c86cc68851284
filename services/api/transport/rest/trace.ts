import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { traceIdIn } from "../order-messages.ts";
import type { RestEnv } from "./respond.ts";

/** Gives each request the id of its caller's trace (W3C Trace Context), or one of its own. */
export const traceRequests: MiddlewareHandler<RestEnv> = (c, next) => {
  const traceId = traceIdIn(c.req.header("traceparent")) ?? newTraceId();
  const requestId = c.req.header("x-request-id");
  c.set("traceId", traceId);
  c.set("requestId", requestId !== undefined && /^[\x21-\x7e]{1,128}$/.test(requestId) ? requestId : traceId);
  return next();
};

/** A UUID's digits: Node draws the random bytes for many of them at once. */
function newTraceId(): string {
  return randomUUID().replaceAll("-", "");
}
