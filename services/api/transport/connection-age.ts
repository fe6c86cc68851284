import type { ServerHttp2Session } from "node:http2";

/** Part of the age by which connections differ, so that those made at once do not all come back at once. */
const JITTER = 0.1;

export interface ConnectionAge {
  readonly maxAgeMs: number;
  /** How long streams in flight may take once the connection is too old. */
  readonly graceMs: number;
}

/**
 * Asks the client to leave an HTTP/2 connection (GOAWAY) when it is old enough, and finishes what is in flight. Clients keep one for as
 * long as they live: without an end to it, a new replica behind a balancer of connections gets none of the load, and an old one never
 * loses its share. A call that crosses the GOAWAY is refused as not begun, as at a stop (http2-drain.ts): gRPC's clients send it again by themselves.
 */
export function limitAge(session: ServerHttp2Session, { maxAgeMs, graceMs }: ConnectionAge): void {
  const age = maxAgeMs * (1 + JITTER * (2 * Math.random() - 1));
  let timer = setTimeout(() => {
    timer = setTimeout(() => session.destroy(), graceMs).unref();
    session.close();
  }, age).unref();
  session.once("close", () => clearTimeout(timer));
}
