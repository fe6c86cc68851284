import type { Context } from "hono";
import type { Deadline } from "../../application/ports.ts";
import { MAX_TIMEOUT_MS } from "../max-timeout.ts";

/** What @hono/node-server gives of Node's answer, of HTTP/1.1 or HTTP/2. */
interface Outgoing {
  readonly destroyed?: boolean;
  readonly stream?: { readonly destroyed: boolean };
  once(event: "close", listener: () => void): unknown;
}

/**
 * The deadline of a REST request, which has none of its own: the longest that there is. The signal comes from Node's answer, and only when
 * somebody asks for it: that of the web request costs more than all else that is done here, and few requests ever wait.
 */
export function requestDeadline(c: Context): Deadline {
  const outgoing = (c.env as { outgoing?: Outgoing } | undefined)?.outgoing;
  const until = performance.now() + MAX_TIMEOUT_MS;
  let gone: AbortController | undefined;

  function watch(): AbortController {
    const controller = new AbortController();
    if (outgoing?.destroyed || outgoing?.stream?.destroyed) controller.abort();
    outgoing?.once("close", () => controller.abort());
    return controller;
  }

  return {
    get signal() {
      gone ??= watch();
      return gone.signal;
    },
    remainingMs: () => until - performance.now(),
  };
}
