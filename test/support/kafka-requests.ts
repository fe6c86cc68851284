/** `apiKey` of a produce request: https://kafka.apache.org/protocol.html#protocol_api_keys */
const PRODUCE = 0;
const HEADER_BYTES = 6;

/** Finds produce requests in what a client sends on one connection: frames of a length and that many bytes. */
export interface RequestScanner {
  /** True when a produce request has ended in these bytes. */
  endsProduce(bytes: Buffer): boolean;
}

export function createRequestScanner(): RequestScanner {
  let header = Buffer.alloc(0);
  let left = 0;
  let isProduce = false;
  return {
    endsProduce(bytes) {
      let ended = false;
      for (let at = 0; at < bytes.length; ) {
        if (left === 0) {
          const part = bytes.subarray(at, at + HEADER_BYTES - header.length);
          header = Buffer.concat([header, part]);
          at += part.length;
          if (header.length < HEADER_BYTES) break;
          left = header.readInt32BE(0) + 4 - HEADER_BYTES;
          isProduce = header.readInt16BE(4) === PRODUCE;
          header = Buffer.alloc(0);
        }
        const body = Math.min(left, bytes.length - at);
        left -= body;
        at += body;
        if (left === 0 && isProduce) ended = true;
      }
      return ended;
    },
  };
}
