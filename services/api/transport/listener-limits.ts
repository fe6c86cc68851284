import type { ServerOptions as Http1Options } from "node:http";
import type { ServerOptions as Http2Options } from "node:http2";

/** All headers of a request together, over either version of HTTP. */
const MAX_HEADER_BYTES = 16_384;

export const http1Limits: Http1Options = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than balancers keep idle connections (most: 60 s), so that it is they who close one: else a request may meet the close.
  keepAliveTimeout: 65_000,
};

/** Floods of resets, pings and settings are kept in bounds by Node's own defaults. */
export const http2Limits: Http2Options = {
  maxHeaderListPairs: 100,
  settings: { maxHeaderListSize: MAX_HEADER_BYTES, maxConcurrentStreams: 250 },
};

/** Holds the largest page: 200 orders with 100 lines each, as JSON. */
export const MAX_RESPONSE_BYTES = 8 * 1_048_576;
