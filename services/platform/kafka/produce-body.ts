import type { ByteWriter } from "./byte-writer.ts";
import { createRecordBatchEncoder, type RecordBatch } from "./record-batch.ts";

/** A batch on its way to the leader of its partition. */
export interface PartitionBatch extends RecordBatch {
  readonly topic: string;
  readonly partition: number;
}

const ALL_IN_SYNC_REPLICAS = -1;
const NO_TRANSACTION = -1;

export type ProduceBodyEncoder = (
  batches: readonly PartitionBatch[],
  timeoutMs: number,
  into: ByteWriter,
) => void;

/**
 * Writes bodies of Produce requests, `acks` all, of versions 3 to 8 (https://kafka.apache.org/protocol.html#The_Messages_Produce): those
 * whose lengths have a fixed size, so that a request is written in one go. Brokers from 0.11 to this day take them.
 */
export function createProduceBodyEncoder(): ProduceBodyEncoder {
  const encodeBatch = createRecordBatchEncoder();
  return (batches, timeoutMs, into) => {
    into.int16(NO_TRANSACTION);
    into.int16(ALL_IN_SYNC_REPLICAS);
    into.int32(timeoutMs);
    const byTopic = Map.groupBy(batches, ({ topic }) => topic);
    into.int32(byTopic.size);
    for (const [topic, ofTopic] of byTopic) {
      writeString(topic, into);
      into.int32(ofTopic.length);
      for (const batch of ofTopic) {
        into.int32(batch.partition);
        const sizeAt = into.length;
        into.int32(0);
        encodeBatch(batch, into);
        into.uint32At(sizeAt, into.length - sizeAt - 4);
      }
    }
  };
}

/** As the protocol has it outside of records: after two bytes of length. */
export function writeString(text: string, into: ByteWriter): void {
  const bytes = Buffer.from(text);
  into.int16(bytes.length);
  into.bytes(bytes);
}
