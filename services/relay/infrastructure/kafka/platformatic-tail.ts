import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "@platformatic/kafka";
import type { FoundOnKafka, KafkaTail } from "../../application/kafka-tail.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";
import { createUuidSet, type UuidSet } from "../../domain/uuid-set.ts";
import { TRANSACTION_ID_HEADER } from "./record.ts";

export interface TailReaderOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** The routed topics. */
  readonly topics: readonly string[];
  /** Makes the topic if it is missing. */
  readonly ensureTopic: (topic: string) => Promise<number>;
  /** How long a request that was left behind may take to land. */
  readonly settleMs: number;
  /** Most events that are remembered; what is beyond is not known of, and a gap says so. */
  readonly maxEvents: number;
}

/** Kafka's ListOffsets: the offset of the first record that is still there. */
const EARLIEST = -2n;
const FETCH_BYTES = 4_000_000;

interface PartitionTail {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leader: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly gap: string | undefined;
}

/**
 * Reads with @platformatic/kafka, which fetches from a partition as told. kafkajs would have to join a consumer group for it: a
 * group's name to be allowed, and on a broker with default settings a wait of 3 s at each start.
 */
export function createTailReader(options: TailReaderOptions): KafkaTail {
  return {
    async read(from, { settle, signal }) {
      for (const topic of options.topics) await options.ensureTopic(topic);
      const client = new Consumer({
        clientId: options.clientId,
        // Never joined: the client only wants a name.
        groupId: options.clientId,
        bootstrapBrokers: [...options.brokers],
        retries: 3,
        connectTimeout: 5_000,
      });
      try {
        for (const topic of options.topics) client.topics.track(topic);
        if (settle) {
          await client.metadata({ topics: [...options.topics] });
          await sleep(options.settleMs, undefined, { signal });
        }
        const tails = await partitionTails(client, options.topics, from);
        return await readAll(client, tails, options.maxEvents, signal);
      } finally {
        await client.close();
      }
    },
  };
}

async function partitionTails(
  client: Consumer,
  topics: readonly string[],
  from: TopicOffsets,
): Promise<PartitionTail[]> {
  const metadata = await client.metadata({ topics: [...topics], forceUpdate: true });
  const earliest = await client.listOffsets({ topics: [...topics], timestamp: EARLIEST });
  const latest = await client.listOffsets({ topics: [...topics] });
  const tails: PartitionTail[] = [];
  for (const topic of topics) {
    const described = metadata.topics.get(topic);
    if (!described) throw new Error(`the broker does not tell of topic ${topic}`);
    for (const [index, { leader }] of Object.entries(described.partitions)) {
      const partition = Number(index);
      const begin = earliest.get(topic)?.[partition] ?? 0n;
      const end = latest.get(topic)?.[partition] ?? begin;
      const known = from[topic]?.[index];
      const wanted = known === undefined ? (from[topic] ? begin : end) : BigInt(known);
      tails.push({
        topic,
        topicId: described.id,
        partition,
        leader,
        // Past its end: the topic was made anew, and all that is in it came later.
        start: wanted < begin || wanted > end ? begin : wanted,
        end,
        gap: gapOf(`${topic}/${partition}`, wanted, begin, end),
      });
    }
  }
  return tails;
}

function gapOf(name: string, wanted: bigint, begin: bigint, end: bigint): string | undefined {
  if (wanted > end) return `${name} ends at offset ${end}, before ${wanted}: the topic was made anew`;
  if (wanted < begin)
    return `${name} begins at offset ${begin}, after ${wanted}: records were removed by retention`;
  return undefined;
}

async function readAll(
  client: Consumer,
  tails: readonly PartitionTail[],
  maxEvents: number,
  signal: AbortSignal,
): Promise<FoundOnKafka> {
  const ids = createUuidSet();
  const transactionIds: number[] = [];
  const gaps = tails.flatMap(({ gap }) => gap ?? []);
  for (const tail of tails) {
    let at = tail.start;
    while (at < tail.end && ids.size < maxEvents) {
      signal.throwIfAborted();
      at = await readSome(client, tail, at, ids, transactionIds);
    }
    if (at < tail.end) {
      gaps.push(
        `${tail.topic}/${tail.partition} was read to offset ${at} of ${tail.end}: ${maxEvents} events is the limit`,
      );
    }
  }
  const offsets = (pick: (tail: PartitionTail) => bigint): TopicOffsets => {
    const of: Record<string, Record<string, string>> = {};
    for (const tail of tails) of[tail.topic] = { ...of[tail.topic], [tail.partition]: `${pick(tail)}` };
    return of;
  };
  return {
    ids,
    transactionIds,
    gaps,
    startOffsets: offsets(({ start }) => start),
    endOffsets: offsets(({ end }) => end),
  };
}

/** One fetch; returns the offset to go on from. */
async function readSome(
  client: Consumer,
  tail: PartitionTail,
  from: bigint,
  ids: UuidSet,
  transactionIds: number[],
): Promise<bigint> {
  const { topic, topicId, partition, leader } = tail;
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
    topics: [{ topicId, partitions: [wanted] }],
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
