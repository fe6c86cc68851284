import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** Of each record from offset `from` on: the values of the headers with these names, in this order. */
export interface RecordSetReading {
  readonly from: bigint;
  readonly headers: readonly string[];
  onRecord(values: readonly (string | undefined)[]): void;
}

/** Bytes of a batch's header, up to its records (https://kafka.apache.org/documentation/#recordbatch). */
const HEADER_BYTES = 61;
/** Of those, what the length does not count: the offset and the length itself. */
const LENGTH_COUNTS_FROM = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const COUNT_AT = 57;
const MAGIC = 2;
const COMPRESSION = 0x07;
/** Markers of transactions, and no records. */
const CONTROL = 0x20;

/**
 * Reads what a fetch gives of a partition, without an object for a record: the clients make some thirty of each, of which a tail of
 * a million records leaves more memory behind than the relay has. Returns the offset to go on from.
 */
export async function readRecordSet(set: Buffer, { from, ...reading }: RecordSetReading): Promise<bigint> {
  let next = from;
  for (let at = 0; at + HEADER_BYTES <= set.length; ) {
    const end = at + LENGTH_COUNTS_FROM + set.readInt32BE(at + 8);
    // Brokers cut the last batch off where the limit of bytes is.
    if (end > set.length) break;
    const offset = set.readBigInt64BE(at);
    // Older formats have no headers.
    const isBatch = set[at + MAGIC_AT] === MAGIC;
    const last = offset + BigInt(isBatch ? set.readInt32BE(at + LAST_OFFSET_DELTA_AT) : 0);
    const attributes = set.readInt16BE(at + ATTRIBUTES_AT);
    if (isBatch && last >= from && (attributes & CONTROL) === 0) {
      const records = await decompressed(set.subarray(at + HEADER_BYTES, end), attributes & COMPRESSION);
      // A fetch gives whole batches: the first one may begin before the offset.
      readRecords(records, set.readInt32BE(at + COUNT_AT), Number(from - offset), reading);
    }
    if (last >= next) next = last + 1n;
    at = end;
  }
  return next;
}

async function decompressed(bytes: Buffer, compression: number): Promise<Buffer> {
  switch (compression) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes);
    case 4:
      return zstdDecompressSync(bytes);
    default: {
      const { decompressLz4, decompressSnappy } = await import("./lz4-and-snappy.ts");
      return compression === 3 ? decompressLz4(bytes) : decompressSnappy(bytes);
    }
  }
}

function readRecords(
  bytes: Buffer,
  count: number,
  firstDelta: number,
  { headers, onRecord }: Omit<RecordSetReading, "from">,
): void {
  const names = headers.map((name) => Buffer.from(name));
  const values: (string | undefined)[] = headers.map(() => undefined);
  let at = 0;

  /** Of up to 32 bits: of a longer one, a timestamp, only the length is right. */
  function varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("a record ends too early");
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  }
  function skipField(): void {
    const length = varint();
    at += Math.max(0, length);
  }
  function readHeader(): void {
    const nameEnd = varint() + at;
    const place = names.findIndex((name) => bytes.compare(name, 0, name.length, at, nameEnd) === 0);
    at = nameEnd;
    const length = varint();
    if (length < 0) return;
    if (place >= 0) values[place] = bytes.toString("latin1", at, at + length);
    at += length;
  }

  for (let i = 0; i < count; i++) {
    const end = varint() + at;
    if (end > bytes.length) throw new RangeError("a record ends too early");
    at += 1; // attributes
    varint(); // timestamp
    if (varint() >= firstDelta) {
      skipField(); // key
      skipField(); // value
      values.fill(undefined);
      for (let left = varint(); left > 0; left--) readHeader();
      onRecord(values);
    }
    at = end;
  }
}
