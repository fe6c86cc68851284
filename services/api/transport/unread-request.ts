import type { IncomingMessage } from "node:http";
import { constants, type Http2Stream } from "node:http2";
import type { Socket } from "node:net";

/** How long a client may go on sending what nobody reads. */
const DISCARD_MS = 2_000;

interface Request {
  readonly complete: boolean;
  readonly readableEnded: boolean;
  readonly headers: IncomingMessage["headers"];
  readonly socket: object;
  resume(): unknown;
  removeAllListeners(event: string): unknown;
  once(event: "close", listener: () => void): unknown;
}

interface Response {
  once(event: "finish", listener: () => void): unknown;
  readonly stream?: Http2Stream;
}

/**
 * Discards what a client still sends once its answer is whole: a message that was too large, the rest of a stream that failed. Connect's
 * adapter stops to read then, and a client that writes all before it looks at the answer would wait for ever.
 */
export function discardWhenAnswered(request: Request, response: Response): void {
  const { stream } = response;
  const { socket } = request; // Node takes it from the request at its end
  if (stream) {
    // Not the response's event: that one waits for the stream to be closed.
    stream.once("finish", () => {
      if (!request.readableEnded) discardStream(request, stream);
    });
  } else {
    response.once("finish", () => {
      if (isUnread(request)) discardConnection(socket as Socket);
    });
  }
}

/** Whether more of the body comes than was taken from the HTTP/1.1 connection. */
export function isUnread({ complete, headers }: Pick<IncomingMessage, "complete" | "headers">): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** HTTP/2: the connection has other streams. */
function discardStream(request: Request, stream: Http2Stream): void {
  request.removeAllListeners("readable"); // of the adapter's iterator: with it there is no flow
  request.resume();
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), DISCARD_MS).unref();
  request.once("close", () => clearTimeout(timer));
}

/** HTTP/1.1: the connection cannot be used again. It is not closed at once, which would take the answer away with it (RFC 9112, 9.6). */
function discardConnection(socket: Socket): void {
  socket.removeAllListeners("data").on("data", () => {});
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), DISCARD_MS).unref();
  socket.once("close", () => clearTimeout(timer));
}
