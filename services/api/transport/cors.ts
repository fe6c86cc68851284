import type { IncomingMessage } from "node:http";
import { cors as rpc } from "@connectrpc/connect";

const allowedMethods = rpc.allowedMethods.join(", ");
const allowedHeaders = [
  ...rpc.allowedHeaders,
  "Authorization",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Traceparent",
  "Tracestate",
  "X-Request-Id",
].join(", ");
const exposedHeaders = [
  ...rpc.exposedHeaders,
  "Content-Location",
  "ETag",
  "Link",
  "Location",
  "Retry-After",
  "Trace-Id",
  "WWW-Authenticate",
  "X-Request-Id",
].join(", ");
/** As long as any browser keeps a preflight's answer. */
const MAX_AGE_S = "7200";

/** Gives the answer what a browser needs to let a page of another origin read it; true when that was all there is to answer. */
export type Cors = (request: CorsRequest, response: CorsResponse) => boolean;

/** Of either version of HTTP. */
type CorsRequest = Pick<IncomingMessage, "headers"> & { readonly method?: string | undefined };

interface CorsResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(): unknown;
}

/**
 * Cross-origin resource sharing for both doors (https://fetch.spec.whatwg.org/#http-cors-protocol). It comes before all else, since a
 * preflight carries no token, and neither Connect's paths nor Hono's see one. Pages of the service's own origin need none of it. Cookies
 * are not used, so credentials are not allowed.
 */
export function createCors(origins: readonly string[]): Cors {
  if (origins.length === 0) return () => false;
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    response.setHeader("vary", "Origin");
    const isAllowed = origin !== undefined && allowed.has(origin);
    if (isAllowed) response.setHeader("access-control-allow-origin", origin);
    if (!isPreflight(request)) {
      if (isAllowed) response.setHeader("access-control-expose-headers", exposedHeaders);
      return false;
    }
    if (isAllowed) {
      response.setHeader("access-control-allow-methods", allowedMethods);
      response.setHeader("access-control-allow-headers", allowedHeaders);
      response.setHeader("access-control-max-age", MAX_AGE_S);
    }
    response.statusCode = 204;
    response.end();
    return true;
  };
}

function isPreflight({ method, headers }: CorsRequest): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}
