import { ByteReader } from "./byte-reader.ts";
import { type BatchContext, FetchedRecord } from "./fetched-record.ts";

/** How much of a batch comes before its length counts, and how much before its records. */
const LENGTH_END = 12;
const HEADER_BYTES = 61;

const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The bytes of a batch's records from those it has; `attributes` say how they are compressed. */
export type Decompress = (bytes: Buffer, attributes: number) => Promise<Buffer> | Buffer;

/**
 * Finds the records in what a fetch brought of one partition: batches in Kafka's record format 2
 * (https://kafka.apache.org/documentation/#messageformat), the last of which may be cut off.
 * @throws RangeError for a batch whose records do not fit into it.
 */
export async function readRecordSet(bytes: Buffer, decompress: Decompress): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const attributes = bytes.readInt16BE(at + 21);
    const content = decompress(bytes.subarray(at + HEADER_BYTES, end), attributes);
    // No promise for most: nobody compresses them.
    const ofBatch = content instanceof Promise ? await content : content;
    addRecords(records, contextOf(bytes.subarray(at, end), attributes, ofBatch), bytes.readInt32BE(at + 57));
    at = end;
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
