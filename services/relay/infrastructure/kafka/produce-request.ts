import type { Connection, produceV8 as Produce8, Writer as RequestWriter } from "@platformatic/kafka";
import { createByteWriter } from "../../../platform/kafka/byte-writer.ts";
import { createProduceBodyEncoder, type PartitionBatch } from "../../../platform/kafka/produce-body.ts";

import { produceV8, Writer } from "./platformatic-parts.ts";

export type ProduceResponse = Produce8.ProduceResponse;

/** Sends one produce request, of which any part may have been written when it rejects. */
export type Produce = (
  connection: Connection,
  batches: readonly PartitionBatch[],
) => Promise<ProduceResponse>;

const INITIAL_BYTES = 262_144;

/** Produce requests of version 8, which brokers take from 2.4 on. */
export function createProduce(timeoutMs: number): Produce {
  const encodeBody = createProduceBodyEncoder();
  // The connection copies what it is given before it returns.
  const request = createByteWriter(INITIAL_BYTES);

  function encode(batches: readonly PartitionBatch[]): RequestWriter {
    request.clear();
    encodeBody(batches, timeoutMs, request);
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
