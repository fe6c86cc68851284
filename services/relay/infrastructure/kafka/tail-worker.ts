import { parentPort, workerData } from "node:worker_threads";
import { Consumer } from "@platformatic/kafka";
import { createUuidSet, type UuidSet, type UuidSetState } from "../../domain/uuid-set.ts";
import { TRANSACTION_ID_HEADER } from "./record.ts";
import type { TailRange } from "./tail-range.ts";

export interface TailTask {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ranges: readonly TailRange[];
  readonly maxEvents: number;
}

export interface TailFound {
  readonly ids: UuidSetState;
  readonly transactionIds: readonly number[];
  readonly gaps: readonly string[];
}

/** Small: what the client puts together of larger answers leaves holes in the process's memory, 40 MB after a million records. */
const FETCH_BYTES = 250_000;

/**
 * Reads with @platformatic/kafka, which fetches from a partition as told. kafkajs would have to join a consumer group for it: a
 * group's name to be allowed, and on a broker with default settings a wait of 3 s at each start.
 */
async function readRanges({ brokers, clientId, ranges, maxEvents }: TailTask): Promise<TailFound> {
  const client = new Consumer({
    clientId,
    // Never joined: the client only wants a name.
    groupId: clientId,
    bootstrapBrokers: [...brokers],
    retries: 3,
    connectTimeout: 5_000,
  });
  const ids = createUuidSet();
  const transactionIds: number[] = [];
  const gaps: string[] = [];
  try {
    for (const { topic } of ranges) client.topics.track(topic);
    for (const range of ranges) {
      let at = range.start;
      while (at < range.end && ids.size < maxEvents)
        at = await readSome(client, range, at, ids, transactionIds);
      if (at >= range.end) continue;
      const name = `${range.topic}/${range.partition}`;
      gaps.push(`${name} was read to offset ${at} of ${range.end}: ${maxEvents} events is the limit`);
    }
    return { ids: ids.state, transactionIds, gaps };
  } finally {
    await client.close();
  }
}

/** One fetch; returns the offset to go on from. */
async function readSome(
  client: Consumer,
  { topic, partition }: TailRange,
  from: bigint,
  ids: UuidSet,
  transactionIds: number[],
): Promise<bigint> {
  const metadata = await client.metadata({ topics: [topic] });
  const described = metadata.topics.get(topic);
  const leader = described?.partitions[partition]?.leader;
  if (!described || leader === undefined)
    throw new Error(`the broker does not tell of ${topic}/${partition}`);
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: from,
    lastFetchedEpoch: -1,
    partitionMaxBytes: FETCH_BYTES,
  };
  const { responses } = await client.fetch({
    node: leader,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    maxWaitTime: 500,
    // Not only committed ones: nobody's open transaction may hide our records.
    isolationLevel: 0,
    topics: [{ topicId: described.id, partitions: [wanted] }],
  });
  let next = from;
  for (const { errorCode, records } of responses.flatMap(({ partitions }) => partitions)) {
    if (errorCode !== 0)
      throw new Error(`${topic}/${partition} cannot be read: Kafka error code ${errorCode}`);
    for (const batch of records ?? []) {
      for (const record of batch.records) {
        const offset = batch.firstOffset + BigInt(record.offsetDelta);
        // A fetch gives whole batches: the first one may begin before the offset.
        if (offset >= from) note(record.headers, ids, transactionIds);
      }
      const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      if (end > next) next = end;
    }
  }
  return next;
}

function note(
  headers: readonly (readonly [Buffer | null, Buffer | null])[],
  ids: UuidSet,
  transactionIds: number[],
): void {
  let id: string | undefined;
  let transactionId: string | undefined;
  for (const [name, value] of headers) {
    const key = name?.toString("latin1");
    if (key === "ce_id") id = value?.toString("latin1");
    else if (key === TRANSACTION_ID_HEADER) transactionId = value?.toString("latin1");
  }
  // Other writers' records may be on the topic: without both headers it is none of ours.
  if (id === undefined || transactionId === undefined || !/^\d{1,15}$/.test(transactionId)) return;
  try {
    ids.add(id);
  } catch {
    return;
  }
  if (Number(transactionId) !== transactionIds.at(-1)) transactionIds.push(Number(transactionId));
}

const found = await readRanges(workerData);
const { words, states } = found.ids;
parentPort?.postMessage(found, [words.buffer, states.buffer]);
