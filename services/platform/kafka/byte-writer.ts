/** Writes big-endian values one after the other into a buffer that grows and is used again. */
export interface ByteWriter {
  /** How many bytes have been written. */
  readonly length: number;
  /** What was written from `start` on: valid until the next write. */
  from(start: number): Buffer;
  clear(): void;
  int8(value: number): void;
  int16(value: number): void;
  int32(value: number): void;
  int64(value: bigint): void;
  /** Over what was written there before. */
  uint32At(at: number, value: number): void;
  /** A signed varint of up to 32 bits, as Protocol Buffers write it (zigzag). */
  varint(value: number): void;
  bytes(bytes: Uint8Array): void;
  /** UTF-8 after its length as a varint. */
  text(text: string): void;
}

/** Its length takes one byte, and a loop over it less time than a call into Node's own code. */
const SHORT = 63;
/** One huge event must not cost its memory for ever. */
const KEPT_BYTES = 4_000_000;

export function createByteWriter(initialBytes: number): ByteWriter {
  let buffer = Buffer.allocUnsafeSlow(initialBytes);
  let length = 0;

  function reserve(bytes: number): void {
    if (length + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, length + bytes));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }
  function varint(value: number): void {
    reserve(5);
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 0x7f; rest >>>= 7) buffer[length++] = (rest & 0x7f) | 0x80;
    buffer[length++] = rest;
  }

  function shortAscii(text: string): boolean {
    reserve(SHORT + 1);
    const start = length;
    buffer[length++] = text.length << 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        length = start;
        return false;
      }
      buffer[length++] = code;
    }
    return true;
  }

  return {
    get length() {
      return length;
    },
    from: (start) => buffer.subarray(start, length),
    clear() {
      if (buffer.length > KEPT_BYTES) buffer = Buffer.allocUnsafeSlow(initialBytes);
      length = 0;
    },
    int8(value) {
      reserve(1);
      length = buffer.writeInt8(value, length);
    },
    int16(value) {
      reserve(2);
      length = buffer.writeInt16BE(value, length);
    },
    int32(value) {
      reserve(4);
      length = buffer.writeInt32BE(value, length);
    },
    int64(value) {
      reserve(8);
      length = buffer.writeBigInt64BE(value, length);
    },
    uint32At: (at, value) => void buffer.writeUInt32BE(value, at),
    varint,
    bytes(bytes) {
      reserve(bytes.length);
      buffer.set(bytes, length);
      length += bytes.length;
    },
    text(text) {
      if (text.length <= SHORT && shortAscii(text)) return;
      const bytes = Buffer.byteLength(text);
      varint(bytes);
      reserve(bytes);
      length += buffer.write(text, length, bytes);
    },
  };
}
