import type { Context } from "hono";
import type { TraceContext } from "../../../platform/tracing/trace-context.ts";
import type { Span } from "../../../platform/tracing/tracer.ts";

/** What is known of each request. */
export interface RestEnv {
  Variables: {
    /** 32 hexadecimal digits: by it support finds the request's lines in the log. */
    traceId: string;
    /** The caller's own name for the request, or the trace id. */
    requestId: string;
    callersTrace: TraceContext | undefined;
    /** Of an operation, while traces are collected. */
    span: Span | undefined;
  };
}

export type RestContext = Context<RestEnv>;

/** https://owasp.org/www-project-secure-headers/: what is served here is data, never a page that loads or frames anything. */
const securityHeaders = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
};

/**
 * An answer with what every answer has. Its headers stay a plain object down to Node: Hono's helpers and middleware make a `Headers` of
 * them, which Node's adapter takes apart again.
 */
export function respond(
  c: RestContext,
  status: number,
  body: string | null,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(body, {
    status,
    headers: {
      ...securityHeaders,
      "trace-id": c.get("traceId"),
      "x-request-id": c.get("requestId"),
      ...headers,
    },
  });
}
