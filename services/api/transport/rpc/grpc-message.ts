import type { ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

/** One byte of flags and four of length before each message (https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html). */
const PREFIX_BYTES = 5;

/**
 * The only message of a request; never settles when the caller hangs up before its end.
 * @throws ConnectError when it is not exactly one message, or a too large one.
 */
export function readMessage(stream: ServerHttp2Stream, maxBytes: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes + PREFIX_BYTES) {
      reject(new ConnectError(`message size is larger than ${maxBytes} bytes`, Code.ResourceExhausted));
      return;
    }
    chunks.push(chunk);
  });
  stream.once("end", () => {
    const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const size = all.length < PREFIX_BYTES ? 0 : PREFIX_BYTES + all.readUInt32BE(1);
    if (all.length === 0 || (size > 0 && size < all.length)) {
      // What the specification has for any other number of messages than one.
      reject(new ConnectError("protocol error: expected one message", Code.Unimplemented));
    } else if (all[0] !== 0 || size !== all.length) {
      reject(new ConnectError("protocol error: expected a whole message, not compressed", Code.Internal));
    } else {
      resolve(all.subarray(PREFIX_BYTES));
    }
  });
  return promise;
}

/** A message as it goes over the wire, not compressed. */
export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
