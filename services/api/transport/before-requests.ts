import type { Http2SecureServer, Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

/**
 * Offers each stream of an HTTP/2 server to `take`; one that it does not take (false) becomes a request of the server's own handler, as
 * all did before. Node makes requests of streams in a listener for "stream", so whatever listens to them must step back first: a
 * stream that had both would be answered twice.
 */
export function takeBeforeRequests(
  server: Http2Server | Http2SecureServer,
  take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): void {
  const toRequest = server.listeners("stream");
  if (toRequest.length === 0) throw new Error("this server makes no requests of its streams");
  server.removeAllListeners("stream");
  server.on("stream", (stream, headers, ...rest) => {
    if (take(stream, headers)) return;
    for (const listener of toRequest) listener.call(server, stream, headers, ...rest);
  });
}
