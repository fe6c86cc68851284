import { ByteReader } from "./byte-reader.ts";
import { decompressRecords } from "./decompress-records.ts";
import { type BatchContext, FetchedRecord } from "./fetched-record.ts";

/** How much of a batch comes before its length counts, and how much before its records. */
const LENGTH_END = 12;
const HEADER_BYTES = 61;
/** The format that is read here. */
const FORMAT = 2;

const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What a fetch brought of one partition, batch by batch, the last of which may be cut off: it is left out. */
function* batchesIn(set: Buffer): Generator<Buffer> {
  for (let at = 0; at + HEADER_BYTES <= set.length; ) {
    const end = at + LENGTH_END + set.readInt32BE(at + 8);
    if (end > set.length) return;
    yield set.subarray(at, end);
    at = end;
  }
}

function hasFormat(batch: Buffer): boolean {
  return batch[16] === FORMAT;
}

/** No batch is of a format before Kafka 0.11, whose records have no headers: `readRecordSet` passes over them. */
export function isReadable(set: Buffer): boolean {
  for (const batch of batchesIn(set)) if (!hasFormat(batch)) return false;
  return true;
}

/** The offset behind all that is in the set, also where compaction has left nothing of a batch; undefined for an empty set. */
export function offsetBehind(set: Buffer): bigint | undefined {
  let behind: bigint | undefined;
  for (const batch of batchesIn(set)) {
    behind = batch.readBigInt64BE(0) + BigInt(hasFormat(batch) ? batch.readInt32BE(23) : 0) + 1n;
  }
  return behind;
}

/**
 * The records in what a fetch brought of one partition, in Kafka's record format 2 (https://kafka.apache.org/documentation/#messageformat).
 * The first ones may come before the offset that was asked for: whole batches are fetched.
 * @throws RangeError for a batch whose records do not fit into it.
 */
export async function readRecordSet(set: Buffer): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  for (const batch of batchesIn(set)) {
    if (!hasFormat(batch)) continue;
    const attributes = batch.readInt16BE(21);
    const content = decompressRecords(batch.subarray(HEADER_BYTES), attributes);
    // No promise for most: nobody compresses them.
    const bytes = content instanceof Promise ? await content : content;
    addRecords(records, contextOf(batch, attributes, bytes), batch.readInt32BE(57));
  }
  return records;
}

function contextOf(batch: Buffer, attributes: number, bytes: Buffer): BatchContext {
  return {
    bytes,
    firstOffset: batch.readBigInt64BE(0),
    firstTimestamp: Number(batch.readBigInt64BE(27)),
    appendedAt: attributes & LOG_APPEND_TIME ? Number(batch.readBigInt64BE(35)) : undefined,
    isControlBatch: (attributes & CONTROL) > 0,
    inTransaction: (attributes & TRANSACTIONAL) > 0,
    producerId: String(batch.readBigInt64BE(43)),
  };
}

function addRecords(records: FetchedRecord[], context: BatchContext, count: number): void {
  const reader = new ByteReader(context.bytes);
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    const start = reader.at;
    reader.skip(length);
    records.push(new FetchedRecord(context, start, reader.at));
  }
}
