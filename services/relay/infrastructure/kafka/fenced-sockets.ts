import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionPool } from "@platformatic/kafka";
import type { ISocketFactory } from "kafkajs";

const KEEP_ALIVE_DELAY_MS = 60_000;
const PIECE_BYTES = 65_536;
/** The kernel takes so short a piece whole or not at all. */
const LAST_PIECE_BYTES = 512;

/**
 * Connections that write only while `mayWrite`. This is the last point where a process that was frozen can be kept from sending
 * what another has sent meanwhile: a client sends again by itself after a time-out, and asks nobody. A connection that is
 * refused a write is destroyed; the client opens another and tries again, with the same sequence numbers.
 *
 * A request goes out in pieces, each asked for. In one piece, a request larger than the kernel's buffer would be finished by the event
 * loop of a process that wakes up, before any of our code runs, and land on the topic a second time.
 */
export function fencedSockets(mayWrite: () => boolean): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const socket: Socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    fenceWrites(socket, mayWrite);
    return socket;
  };
}

/**
 * The same for @platformatic/kafka, which opens its sockets itself. Its pool tells of a connection when it is there and before it is
 * handed to anybody, and a connection writes a request by one `write` of its public socket: so each goes through the fence.
 */
export function fenceConnections(pool: ConnectionPool, mayWrite: () => boolean): void {
  // The pool listens for the first error only, and a second one would end the process.
  pool.on("connecting", ({ connection }) => void connection.on("error", () => {}));
  pool.on("connect", ({ connection }) => fenceWrites(connection.socket, mayWrite, free));
}

/**
 * The client joins a request in a buffer of its own, which waits for the ack and so comes to live in the old generation: half a megabyte
 * of garbage a request, until V8 looks there. Nobody reads it once it is written.
 */
function free(request: Buffer<ArrayBuffer>): void {
  const isPooled = request.length < request.buffer.byteLength;
  if (!isPooled) request.buffer.transfer(0);
}

/** `written` is called when the kernel has all of a request. */
function fenceWrites(
  socket: Socket,
  mayWrite: () => boolean,
  written: (request: Buffer<ArrayBuffer>) => void = () => {},
): void {
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  // A short last piece would else wait for the peer's delayed acknowledgement of those before it.
  socket.setNoDelay(true);
  const write = socket.write.bind(socket) as (bytes: Buffer, written: () => void) => boolean;
  const waiting: Buffer<ArrayBuffer>[] = [];
  /** How much of the first one is written. */
  let at = 0;
  let writing = false;

  function writeNext(): void {
    const request = waiting[0];
    writing = request !== undefined && !socket.destroyed;
    if (!request || !writing) return;
    if (mayWrite()) {
      const end = endOfPiece(request.length, at);
      write(request.subarray(at, end), () => onWritten(request, end));
    } else {
      socket.destroy(
        Object.assign(
          new Error("nothing may be sent: the lease was not seen alive, or the producer is thrown away"),
          { code: "LEASE_NOT_ALIVE" },
        ),
      );
    }
  }

  function onWritten(request: Buffer<ArrayBuffer>, end: number): void {
    at = end;
    if (at === request.length) {
      waiting.shift();
      at = 0;
      written(request);
    }
    writeNext();
  }

  // What the clients call, and no more of a stream's interface than that.
  socket.write = ((bytes: Buffer<ArrayBuffer> | string, encoding?: BufferEncoding) => {
    waiting.push(typeof bytes === "string" ? Buffer.from(bytes, encoding) : bytes);
    if (!writing) writeNext();
    return true;
  }) as typeof socket.write;
}

function endOfPiece(length: number, at: number): number {
  const last = Math.max(0, length - LAST_PIECE_BYTES);
  return at < last ? Math.min(last, at + PIECE_BYTES) : length;
}
