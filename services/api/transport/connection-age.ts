import type { ServerHttp2Session } from "node:http2";

/** Part of the age by which connections differ, so that those made at once do not all come back at once. */
const JITTER = 0.1;

export interface ConnectionAge {
  readonly maxAgeMs: number;
  /** How long streams in flight may take once the connection is too old. */
  readonly graceMs: number;
  /** Lets the client open no more streams; the session closes when the last has ended. */
  readonly retire: (session: ServerHttp2Session) => Promise<void>;
}

/**
 * Retires an HTTP/2 connection when it is old enough. Clients keep one for as long as they live: without an end to it, a new replica
 * behind a balancer of connections gets none of the load, and an old one never loses its share.
 */
export function limitAge(session: ServerHttp2Session, { maxAgeMs, graceMs, retire }: ConnectionAge): void {
  const age = maxAgeMs * (1 + JITTER * (2 * Math.random() - 1));
  let timer = setTimeout(() => {
    timer = setTimeout(() => session.destroy(), graceMs).unref();
    void retire(session);
  }, age).unref();
  session.once("close", () => clearTimeout(timer));
}
