import { crc32c } from "@node-rs/crc32";
import { type ByteWriter, createByteWriter } from "./byte-writer.ts";

export interface ProduceRecord {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: Readonly<Record<string, Uint8Array | string>>;
}

/** What a producer sends to one partition in one go. */
export interface RecordBatch {
  readonly count: number;
  /** Asked for one after the other as they are written, so that no more than one of them need be there. */
  readonly record: (index: number) => ProduceRecord;
  /** Of all its records; ms since 1970. */
  readonly timestamp: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the first record: the broker takes a batch of the same producer with the same sequence once. */
  readonly sequence: number;
}

export type RecordBatchEncoder = (batch: RecordBatch, into: ByteWriter) => void;

const MAGIC = 2;
const NO_LEADER_EPOCH = -1;
const NULL = -1;

/**
 * Writes batches in Kafka's record format 2 (https://kafka.apache.org/documentation/#messageformat), without an object for a record or
 * a header: the encoders of the clients make some fifty small buffers of a record with ten headers and join them again and
 * again, which takes several times the CPU time of all that is done here.
 */
export function createRecordBatchEncoder(): RecordBatchEncoder {
  const content = createByteWriter(16_384);

  function writeRecord({ key, value, headers }: ProduceRecord, offsetDelta: number, into: ByteWriter): void {
    // The length comes first, and is known last.
    content.clear();
    content.int8(0); // attributes
    content.varint(0); // timestamp, as a difference from the batch's
    content.varint(offsetDelta);
    writeField(key, content);
    writeField(value, content);
    let count = 0;
    for (const _ in headers) count += 1;
    content.varint(count);
    for (const name in headers) {
      content.text(name);
      writeField(headers[name] as Uint8Array | string, content);
    }
    into.varint(content.length);
    into.bytes(content.from(0));
  }

  return ({ count, record, timestamp, producerId, producerEpoch, sequence }, into) => {
    into.int64(0n); // the broker sets the offset
    const lengthAt = into.length;
    into.int32(0);
    into.int32(NO_LEADER_EPOCH);
    into.int8(MAGIC);
    const checksumAt = into.length;
    into.int32(0);
    const checkedFrom = into.length;
    into.int16(0); // attributes: not compressed, timestamps of the producer, no transaction
    into.int32(count - 1);
    into.int64(BigInt(timestamp));
    into.int64(BigInt(timestamp));
    into.int64(producerId);
    into.int16(producerEpoch);
    into.int32(sequence);
    into.int32(count);
    for (let i = 0; i < count; i++) writeRecord(record(i), i, into);
    into.uint32At(lengthAt, into.length - lengthAt - 4);
    into.uint32At(checksumAt, crc32c(into.from(checkedFrom)));
  };
}

function writeField(value: Uint8Array | string | null, into: ByteWriter): void {
  if (typeof value === "string") {
    into.text(value);
  } else if (value === null) {
    into.varint(NULL);
  } else {
    into.varint(value.length);
    into.bytes(value);
  }
}
