import { constants, type ServerHttp2Session } from "node:http2";

/** In a GOAWAY it says that no stream is refused yet (RFC 9113, section 6.8). */
const ANY_STREAM = 2 ** 31 - 1;
/** How long a client may take to learn of a GOAWAY while it opens streams. */
const NOTICE_MS = 1_000;
/** Part of the age by which connections differ, so that those made at once do not all come back at once. */
const JITTER = 0.1;

export interface ConnectionAge {
  readonly maxAgeMs: number;
  /** How long streams in flight may take once the connection is too old. */
  readonly graceMs: number;
}

/**
 * Retires an HTTP/2 connection when it is old enough. Clients keep one for as long as they live: without an end to it, a new replica
 * behind a load balancer of connections gets none of the load, and one that is drained keeps it.
 */
export function limitAge(session: ServerHttp2Session, { maxAgeMs, graceMs }: ConnectionAge): void {
  const age = maxAgeMs * (1 + JITTER * (2 * Math.random() - 1));
  const timer = setTimeout(() => retireSession(session, graceMs), age).unref();
  session.once("close", () => clearTimeout(timer));
}

/** Takes no more streams, refusing none that the client opened before it knew; destroys what is left after the grace. */
export function retireSession(session: ServerHttp2Session, graceMs: number): void {
  if (session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
  const close = setTimeout(() => session.close(), NOTICE_MS).unref();
  const destroy = setTimeout(() => session.destroy(), NOTICE_MS + graceMs).unref();
  session.once("close", () => {
    clearTimeout(close);
    clearTimeout(destroy);
  });
}
