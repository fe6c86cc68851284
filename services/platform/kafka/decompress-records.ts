import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** The lowest three bits of a batch's attributes (https://kafka.apache.org/documentation/#recordbatch). */
const COMPRESSION = 0x07;

/** The bytes of a batch's records from those it has. */
export function decompressRecords(bytes: Buffer, attributes: number): Buffer | Promise<Buffer> {
  switch (attributes & COMPRESSION) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes);
    case 2:
      return import("./lz4-and-snappy.ts").then(({ decompressSnappy }) => decompressSnappy(bytes));
    case 3:
      return import("./lz4-and-snappy.ts").then(({ decompressLz4 }) => decompressLz4(bytes));
    case 4:
      return zstdDecompressSync(bytes);
    default:
      throw new RangeError(`a batch has the unknown compression ${attributes & COMPRESSION}`);
  }
}
