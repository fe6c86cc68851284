import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";

/** The sessions of an HTTP/2 server, and how they come to their end without a call being lost. */
export interface Http2Sessions {
  /** The client opens no more streams on it; it closes when those that are open have ended. */
  retire(session: ServerHttp2Session): Promise<void>;
  /** Retires all sessions and takes no more connections; resolves when all are closed, which is forced after `drainMs`. */
  drain(drainMs: number): Promise<void>;
}

/** GOAWAY on no stream, with NO_ERROR and the highest stream id that there is: "open no more", and nothing is refused. */
const SHUTDOWN_NOTICE = Buffer.from("0000080700000000007fffffff00000000", "hex");

/** For the answer to a ping; a client that is so slow may lose what it has just sent. */
const PING_TIMEOUT_MS = 1_000;

/**
 * Node's own GOAWAY refuses all streams that the client opened before it came: a call is lost, or hangs. So RFC 9113 (section 6.8)
 * asks for two: the first refuses nothing, and the second is sent a round trip later, when the client has seen the first. Node cannot
 * send the first (nghttp2_submit_shutdown_notice), so it is written past it; its writes are whole frames, so this comes between two.
 */
export function trackSessions(server: Http2Server): Http2Sessions {
  const sockets = new Map<ServerHttp2Session, Duplex>();
  let latest: Duplex | undefined;
  const onSocket = (socket: Duplex) => {
    latest = socket;
  };
  // Before Node's listener, which makes the session.
  server.prependListener("connection", onSocket);
  server.prependListener("secureConnection", onSocket);
  server.on("session", (session) => {
    if (latest) sockets.set(session, latest);
    session.once("close", () => sockets.delete(session));
  });

  async function retire(session: ServerHttp2Session): Promise<void> {
    if (session.closed || session.destroyed) return;
    sockets.get(session)?.write(SHUTDOWN_NOTICE);
    await roundTrip(session);
    if (!session.destroyed) session.close();
  }

  return {
    retire,
    async drain(drainMs) {
      const timer = setTimeout(() => {
        for (const session of sockets.keys()) session.destroy();
      }, drainMs);
      await Promise.all(Array.from(sockets.keys(), retire));
      // Not before: it sends each session Node's GOAWAY.
      await new Promise((resolve) => server.close(resolve));
      clearTimeout(timer);
    },
  };
}

async function roundTrip(session: ServerHttp2Session): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PING_TIMEOUT_MS);
  session.once("close", resolve);
  if (!session.ping(() => resolve())) resolve(); // too many pings are under way
  await promise;
  clearTimeout(timer);
  session.off("close", resolve);
}
