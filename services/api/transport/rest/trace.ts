import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { readTraceContext, traceIdOf } from "../../../platform/tracing/trace-context.ts";
import type { Tracer } from "../../../platform/tracing/tracer.ts";
import type { RestContext, RestEnv } from "./respond.ts";

/** Gives each request the id of its caller's trace (W3C Trace Context), or one of its own; ends the span that its operation began. */
export function traceRequests(tracer: Tracer): MiddlewareHandler<RestEnv> {
  return (c, next) => {
    const trace = readTraceContext(c.req.header("traceparent"), c.req.header("tracestate"));
    c.set("callersTrace", trace);
    nameRequest(c, traceIdOf(trace) ?? newTraceId());
    return tracer.isOn ? endSpan(c, next) : next();
  };
}

/** By the names of https://opentelemetry.io/docs/specs/semconv/http/http-spans/: the route's pattern, never the path with its ids. */
export function beginSpan(c: RestContext, tracer: Tracer, route: string): void {
  if (!tracer.isOn) return;
  const { method, url } = c.req;
  const span = tracer.startSpan(`${method} ${route}`, {
    kind: "server",
    parent: c.get("callersTrace"),
    attributes: {
      "http.request.method": method,
      "http.route": route,
      "url.scheme": url.slice(0, url.indexOf(":")),
      "url.path": c.req.path,
    },
  });
  c.set("span", span);
  nameRequest(c, traceIdOf(span.trace) as string);
}

async function endSpan(c: RestContext, next: () => Promise<void>): Promise<void> {
  await next();
  const span = c.get("span");
  if (!span) return;
  const { status } = c.res;
  span.setAttributes({ "http.response.status_code": status });
  if (status >= 500) span.fail(String(status));
  span.end();
}

function nameRequest(c: RestContext, traceId: string): void {
  const requestId = c.req.header("x-request-id");
  c.set("traceId", traceId);
  c.set("requestId", requestId !== undefined && /^[\x21-\x7e]{1,128}$/.test(requestId) ? requestId : traceId);
}

/** A UUID's digits: Node draws the random bytes for many of them at once. */
function newTraceId(): string {
  return randomUUID().replaceAll("-", "");
}
