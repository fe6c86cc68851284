import { type Connection, produceV8, Writer } from "@platformatic/kafka";
import { type ByteWriter, createByteWriter } from "./byte-writer.ts";
import { createRecordBatchEncoder, type RecordBatch } from "./record-batch.ts";

/** A batch on its way to the leader of its partition. */
export interface PartitionBatch extends RecordBatch {
  readonly topic: string;
  readonly partition: number;
}

export type ProduceResponse = produceV8.ProduceResponse;

/** Sends one produce request, of which any part may have been written when it rejects. */
export type Produce = (
  connection: Connection,
  batches: readonly PartitionBatch[],
) => Promise<ProduceResponse>;

const ALL_IN_SYNC_REPLICAS = -1;
const NO_TRANSACTION = -1;
const INITIAL_BYTES = 1_000_000;

/**
 * Produce requests of version 8 (https://kafka.apache.org/protocol.html#The_Messages_Produce): the last one whose lengths have a fixed
 * size, so that a request is written in one go. Brokers from 2.4 to this day take it.
 */
export function createProduce(options: { readonly source: string; readonly timeoutMs: number }): Produce {
  const encodeBatch = createRecordBatchEncoder(options.source);
  // The connection copies what it is given before it returns.
  const request = createByteWriter(INITIAL_BYTES);

  function encode(batches: readonly PartitionBatch[]): Writer {
    request.clear();
    request.int16(NO_TRANSACTION);
    request.int16(ALL_IN_SYNC_REPLICAS);
    request.int32(options.timeoutMs);
    const byTopic = Map.groupBy(batches, ({ topic }) => topic);
    request.int32(byTopic.size);
    for (const [topic, ofTopic] of byTopic) {
      writeString(topic, request);
      request.int32(ofTopic.length);
      for (const batch of ofTopic) {
        request.int32(batch.partition);
        const sizeAt = request.length;
        request.int32(0);
        encodeBatch(batch, request);
        request.uint32At(sizeAt, request.length - sizeAt - 4);
      }
    }
    return Writer.create().append(request.from(0));
  }

  return (connection, batches) => {
    const { promise, resolve, reject } = Promise.withResolvers<ProduceResponse>();
    connection.send<ProduceResponse>(
      produceV8.api.key,
      produceV8.api.version,
      () => encode(batches),
      produceV8.parseResponse,
      false,
      false,
      (error, response) => (error ? reject(error) : resolve(response as ProduceResponse)),
    );
    return promise;
  };
}

/** As the protocol has it outside of records: after two bytes of length. */
function writeString(text: string, into: ByteWriter): void {
  const bytes = Buffer.from(text);
  into.int16(bytes.length);
  into.bytes(bytes);
}
