import { setTimeout as sleep } from "node:timers/promises";
import { createByteWriter } from "../../../platform/kafka/byte-writer.ts";
import type { LeaderConnections } from "../../../platform/kafka/leader-connections.ts";
import { writeString } from "../../../platform/kafka/produce-body.ts";
import type { TailRange } from "./tail-range.ts";

/** Small: what is read is thrown away at once, and only its memory would remain. */
const FETCH_BYTES = 250_000;
const MAX_WAIT_MS = 500;
const TRIES = 4;
const RETRY_MS = 250;
const FETCH = 1;
/** From Kafka 0.11 to this day. */
const VERSION = 4;
const NO_REPLICA = -1;
/** Not only committed ones: nobody's open transaction may hide our records. */
const READ_UNCOMMITTED = 0;

/**
 * The record set of a partition from this offset on; at least one batch, unless there is nothing (yet). Fetch requests
 * (https://kafka.apache.org/protocol.html#The_Messages_Fetch) take an offset as told, where a consumer of kafkajs has to join a
 * group: a group's name to be allowed, and on a broker with default settings a wait of 3 s at each start.
 */
export async function fetchRecordSet(
  connections: LeaderConnections,
  range: Pick<TailRange, "topic" | "partition">,
  offset: bigint,
  signal: AbortSignal,
): Promise<Buffer> {
  const body = fetchBody(range, offset);
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    try {
      const response = await connections.ask(range.topic, range.partition, {
        apiKey: FETCH,
        apiVersion: VERSION,
        apiName: "Fetch",
        body,
      });
      return recordSet(response, range);
    } catch (error) {
      if (tries === TRIES) throw error;
      // The leader may be another one by now.
      await sleep(RETRY_MS, undefined, { signal });
      await connections.refresh();
    }
  }
}

function fetchBody({ topic, partition }: Pick<TailRange, "topic" | "partition">, offset: bigint): Buffer {
  const body = createByteWriter(100 + topic.length);
  body.int32(NO_REPLICA);
  body.int32(MAX_WAIT_MS);
  body.int32(1); // least bytes
  body.int32(FETCH_BYTES);
  body.int8(READ_UNCOMMITTED);
  body.int32(1); // topics
  writeString(topic, body);
  body.int32(1); // partitions
  body.int32(partition);
  body.int64(offset);
  body.int32(FETCH_BYTES);
  return body.from(0);
}

/** Of a response to a request for one partition. */
function recordSet(response: Buffer, { topic, partition }: Pick<TailRange, "topic" | "partition">): Buffer {
  let at = 4; // throttle time
  if (response.readInt32BE(at) !== 1) throw new Error(`the answer to a fetch lacks ${topic}`);
  at += 4;
  at += 2 + response.readInt16BE(at); // the topic
  if (response.readInt32BE(at) !== 1) throw new Error(`the answer to a fetch lacks ${topic}/${partition}`);
  at += 4 + 4; // the partition
  const errorCode = response.readInt16BE(at);
  if (errorCode !== 0) throw new Error(`${topic}/${partition} cannot be read: Kafka error code ${errorCode}`);
  at += 2 + 8 + 8; // high watermark, last stable offset
  at += 4 + 16 * Math.max(0, response.readInt32BE(at)); // transactions that were called off
  const length = Math.max(0, response.readInt32BE(at));
  return response.subarray(at + 4, at + 4 + length);
}
