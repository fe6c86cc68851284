/** Where the bytes of rows wait, side by side: a buffer of its own for each were one more object that the garbage collector moves. */
export interface RowStore {
  /** Copies the bytes from `begin` to `end` (exclusive); returns where they begin in `buffer`, as it is now. */
  keep(bytes: Buffer, begin: number, end: number): number;
  /** The buffer that the last row went to. It is never written over: it is freed as a whole, when none of its rows is referred to any more. */
  readonly buffer: Buffer;
}

const BUFFER_BYTES = 32_768;

export function createRowStore(): RowStore {
  let buffer = Buffer.alloc(0);
  let used = 0;
  return {
    keep(bytes, begin, end) {
      const size = end - begin;
      if (used + size > buffer.length) {
        buffer = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, size));
        used = 0;
      }
      const at = used;
      bytes.copy(buffer, at, begin, end);
      used += size;
      return at;
    },
    get buffer() {
      return buffer;
    },
  };
}
