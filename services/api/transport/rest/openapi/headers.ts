import { z } from "@hono/zod-openapi";
import { idempotencyKeyForm } from "../idempotency-key.ts";

/** Of requests. */
export const traceHeaders = {
  traceparent: z.string().optional().openapi({
    description: "W3C trace context: goes on with the order's event. One that is malformed counts as none.",
    example: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  }),
  tracestate: z.string().optional().openapi({
    description: "Goes on with traceparent, up to 512 characters",
    example: "vendor=opaque",
  }),
  "X-Request-Id": z.string().optional().openapi({
    description: "The caller's own name for the request; 1 to 128 visible characters, else it counts as none",
  }),
};

export const idempotencyKey = z.string().regex(idempotencyKeyForm).optional().openapi({
  description:
    "Makes the request safe to repeat: the same request under the same key is done once, and is given the first answer again, with the same status, for as long as the service keeps it (a day, if nothing else was set). A structured field's string (draft-ietf-httpapi-idempotency-key-header) or bare; the same key as gRPC's `request_id`.",
  example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
});

export const ifMatch = z.string().optional().openapi({
  description:
    "The order's ETag: nothing is done when the order is at another version. Several ETags admit each of them, `*` any.",
  example: '"1"',
});

export const ifNoneMatch = z.string().optional().openapi({
  description: "ETags that the caller has: 304 when the order is still at one of them",
  example: '"1"',
});

/** Of answers. */
const descriptions = {
  ETag: "The order's version in quotes",
  Location: "The order's address",
  "Content-Location": "The order's address",
  Link: 'The next page, as `rel="next"` (RFC 8288); absent on the last one',
  "Retry-After": "How many seconds to wait",
  "WWW-Authenticate": "What kind of authentication is asked for",
  "Trace-Id": "The trace that the request belongs to",
  "X-Request-Id": "The caller's name for the request, or the trace id",
} as const;

type HeaderName = keyof typeof descriptions;

export function answerHeaders(...names: readonly HeaderName[]) {
  const all: readonly HeaderName[] = [...names, "Trace-Id", "X-Request-Id"];
  return Object.fromEntries(
    all.map((name) => [name, { description: descriptions[name], schema: { type: "string" as const } }]),
  );
}
