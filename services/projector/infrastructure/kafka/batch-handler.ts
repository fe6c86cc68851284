import "../../../platform/kafka/kafkajs-fetch.ts";
import type { EachBatchHandler, EachBatchPayload, KafkaMessage } from "kafkajs";
import { FetchedRecord } from "../../../platform/kafka/fetched-record.ts";
import type { ConsumedRecord } from "../../application/consumed-record.ts";
import type { ProjectBatch } from "../../application/project-batch.ts";
import { whileBeating } from "./while-beating.ts";

export interface BatchHandlerOptions {
  readonly projectBatch: ProjectBatch;
  /** Most records in one call of `projectBatch`. */
  readonly chunkRecords: number;
  readonly heartbeatIntervalMs: number;
  readonly stopping: AbortSignal;
}

/**
 * Handles what one fetch brought from one partition. Offsets are committed after the effect, never before: for that the consumer
 * has to run with `autoCommit: false` and `eachBatchAutoResolve: false`. On a stop the chunk under way is finished and committed.
 * Rejects with kafkajs' error when the member has lost its place in the group: kafkajs joins again, and the records that were not
 * committed come back.
 */
export function createBatchHandler(options: BatchHandlerOptions): EachBatchHandler {
  const { projectBatch, chunkRecords, heartbeatIntervalMs, stopping } = options;

  async function project(payload: EachBatchPayload, signal: AbortSignal): Promise<void> {
    const { batch, resolveOffset, isStale } = payload;
    for (let at = 0; at < batch.messages.length; at += chunkRecords) {
      if (signal.aborted || isStale()) return;
      const messages = batch.messages.slice(at, at + chunkRecords);
      try {
        await projectBatch(
          messages.map((message) => toRecord(batch, message)),
          signal,
        );
      } catch (error) {
        if (signal.aborted) return; // not resolved, so it comes back to whoever has the partition next
        throw error;
      }
      resolveOffset((messages.at(-1) as KafkaMessage).offset);
    }
  }

  return async (payload) => {
    const lost = await whileBeating(payload.heartbeat, heartbeatIntervalMs, stopping, (signal) =>
      project(payload, signal),
    );
    await commitResolved(payload);
    if (lost !== undefined) throw lost;
  };
}

/**
 * Commits what is resolved of this partition. Not `consumer.commitOffsets`: that one does nothing, and says nothing, once the
 * consumer is stopping.
 */
async function commitResolved({ batch, uncommittedOffsets, commitOffsetsIfNecessary }: EachBatchPayload) {
  const { topic, partition } = batch;
  const resolved = uncommittedOffsets()
    .topics.find((each) => each.topic === topic)
    ?.partitions.find((each) => Number(each.partition) === partition); // a string, whatever kafkajs' types say
  if (resolved === undefined) return;
  const partitions = [{ partition, offset: resolved.offset }];
  await commitOffsetsIfNecessary({ topics: [{ topic, partitions }] });
}

function toRecord({ topic, partition }: EachBatchPayload["batch"], message: KafkaMessage): ConsumedRecord {
  if (!(message instanceof FetchedRecord)) throw new Error("kafkajs is not the version that is known here");
  const { offset, timestamp, key, value, headers } = message.read();
  return { topic, partition, offset, timestamp, key, value, headers };
}
