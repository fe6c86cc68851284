// What Node has not built in. Loaded when it is met: the broker or another writer of the topic has to ask for it.
import { lz4Decompress, snappyDecompress } from "@platformatic/wasm-utils";

/** Java clients and brokers frame Snappy in blocks (https://github.com/xerial/snappy-java, SnappyOutputStream). */
const FRAMED = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const FRAME_HEADER_BYTES = 16;

export function decompressLz4(bytes: Buffer): Buffer {
  return lz4Decompress(bytes);
}

export function decompressSnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, FRAMED.length).equals(FRAMED)) return snappyDecompress(bytes);
  const blocks: Buffer[] = [];
  for (let at = FRAME_HEADER_BYTES; at < bytes.length; ) {
    const begin = at + 4;
    at = begin + bytes.readUInt32BE(at);
    blocks.push(snappyDecompress(bytes.subarray(begin, at)));
  }
  return Buffer.concat(blocks);
}
