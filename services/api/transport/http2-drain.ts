import type { Http2SecureServer, Http2Server } from "node:http2";
import type { Socket } from "node:net";

/**
 * For a new HTTP/2 server: returns what ends it. It takes no more connections, sends GOAWAY on those that there are, and resolves when
 * the calls that are open have ended, or after `drainMs`.
 *
 * A call that crosses the GOAWAY on its way is refused as not begun (REFUSED_STREAM), and gRPC's clients send it again by themselves.
 * Other clients do not: so they are told before that this server is not ready, and are still served for SHUTDOWN_DELAY_MS. (RFC 9113,
 * section 6.8, has a first GOAWAY for them that refuses nothing; Node cannot send it.)
 */
export function http2Drain(server: Http2Server | Http2SecureServer): (drainMs: number) => Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return async (drainMs) => {
    const timer = setTimeout(() => {
      // Not the sessions: destroyed while they close, they end their sockets and wait for a client that may read nothing any more.
      for (const socket of sockets) socket.destroy();
    }, drainMs);
    await new Promise((resolve) => server.close(resolve)); // closes each session gracefully
    clearTimeout(timer);
  };
}
