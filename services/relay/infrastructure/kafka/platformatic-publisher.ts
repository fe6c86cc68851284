import { createBackoff } from "../../../platform/backoff.ts";
import { delay } from "../../../platform/delay.ts";
import type { PartitionBatch } from "../../../platform/kafka/produce-body.ts";
import type { Publisher } from "../../application/publisher.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { fenceConnections } from "./fenced-sockets.ts";
import { partitionOf } from "./partition-of.ts";
import { errorNames, isRetriable, reasonOf } from "./platformatic-errors.ts";
import { MultipleErrors, NetworkError, Producer, ResponseError } from "./platformatic-parts.ts";
import { platformaticSecurity } from "./platformatic-security.ts";
import { createProduce, type ProduceResponse } from "./produce-request.ts";
import { toRecord } from "./record.ts";
import {
  createSessionPublisher,
  isRefusal,
  type ProducerConnection,
  type ProducerSession,
  type PublisherOptions,
} from "./session-publisher.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** The broker is to answer before the client gives the connection up. */
const ACK_TIMEOUT_MS = 25_000;
const METADATA_MAX_AGE_MS = 300_000;
/** After the highest 32-bit integer the sequence numbers begin again at 0. */
const SEQUENCES = 2 ** 31;

type MutableOffsets = Record<string, Record<string, string>>;

/** Batches by topic and partition. */
type Batches = Map<string, PartitionBatch>;
const nameOf = (topic: string, partition: number) => `${topic}/${partition}`;

/**
 * Publishes over the connections of @platformatic/kafka, but not by its `send`. That one takes six times the CPU time
 * (record-batch.ts); and where a broker has lost the producer's state it takes a new producer id and sends the whole request
 * again, with those partitions of it that were written. Here a batch that is not acked is sent again with its own producer id and
 * sequence number only, of which a broker takes it once.
 */
export function createPlatformaticPublisher(options: PublisherOptions & ProducerConnection): Publisher {
  return createSessionPublisher(options, () => openSession(options));
}

function openSession(options: PublisherOptions & ProducerConnection): ProducerSession {
  const { topics, log, security } = options;
  const client = new Producer({
    clientId: options.clientId,
    bootstrapBrokers: [...options.brokers],
    ...platformaticSecurity(security),
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    maxInflights: 1,
    retries: 0,
  });
  fenceConnections(client.connections, options.mayWrite);
  const produce = createProduce(ACK_TIMEOUT_MS);
  const backoff = createBackoff({ initialMs: 100, maxMs: 1_000 });
  const sequences = new Map<string, number>();
  const discarded = new AbortController();
  const opening = open();

  async function open() {
    const partitions = new Map<string, number>();
    for (const topic of new Set(topics.values())) partitions.set(topic, await options.ensureTopic(topic));
    const { producerId, producerEpoch } = await untilDone(() => client.initIdempotentProducer({}));
    return { partitions, producerId, producerEpoch };
  }

  async function untilDone<T>(work: (isRetry: boolean) => Promise<T>): Promise<T> {
    for (let isRetry = false; ; isRetry = true) {
      discarded.signal.throwIfAborted();
      try {
        const result = await work(isRetry);
        backoff.reset();
        return result;
      } catch (error) {
        options.onFailedTry?.(error);
        if (discarded.signal.aborted || !isRetriable(error)) throw explained(error);
        log.warn({ error: reasonOf(error) }, "the broker did not ack, trying again");
        await delay(backoff.next(), discarded.signal);
      }
    }
  }

  async function toBatches(events: readonly OutboxEvent[]): Promise<Batches> {
    const { partitions, ...producer } = await opening;
    const timestamp = Date.now();
    const eventsOf = new Map<string, OutboxEvent[]>();
    const batches: Batches = new Map();
    for (const event of events) {
      const topic = topics.get(event.aggregateType) as string;
      const partition = partitionOf(event.key, partitions.get(topic) as number);
      const name = nameOf(topic, partition);
      const before = eventsOf.get(name);
      if (before) {
        before.push(event);
        continue;
      }
      const ofPartition = [event];
      eventsOf.set(name, ofPartition);
      batches.set(name, {
        topic,
        partition,
        get count() {
          return ofPartition.length;
        },
        record: (index) => toRecord(ofPartition[index] as OutboxEvent, options.source),
        timestamp,
        ...producer,
        sequence: sequences.get(name) ?? 0,
      });
    }
    for (const [name, { sequence, count }] of batches) sequences.set(name, (sequence + count) % SEQUENCES);
    return batches;
  }

  /** One request to each leader. What is acked leaves `waiting`, also where others fail. */
  async function sendOnce(waiting: Batches, offsets: MutableOffsets, isRetry: boolean): Promise<void> {
    const names = new Set(Array.from(waiting.values(), ({ topic }) => topic));
    const metadata = await client.metadata({ topics: [...names], forceUpdate: isRetry });
    const byLeader = Map.groupBy(waiting.values(), ({ topic, partition }) => {
      const described = metadata.topics.get(topic)?.partitions[partition];
      if (!described)
        throw new RelayError("TOPIC_MISSING", `${nameOf(topic, partition)} is not there any more`);
      return metadata.brokers.get(described.leader);
    });
    const sending = Array.from(byLeader, async ([leader, batches]) => {
      if (!leader) throw new NetworkError("a partition has no leader");
      const connection = await client.connections.get(leader);
      const response = await produce(connection, batches).catch((error: unknown) => {
        if (error instanceof ResponseError) noteAcks(error.response, waiting, offsets);
        throw error;
      });
      noteAcks(response, waiting, offsets);
    });
    const results = await Promise.allSettled(sending);
    const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    if (failures.length > 0) throw new MultipleErrors("producing failed", failures);
    if (waiting.size > 0) throw new NetworkError("the broker's answer leaves out a partition");
  }

  return {
    async send(events) {
      const waiting = await toBatches(events);
      const offsets: MutableOffsets = {};
      await untilDone((isRetry) => sendOnce(waiting, offsets, isRetry));
      return offsets;
    },
    async discard() {
      discarded.abort(new Error("the producer was thrown away"));
      // Closing alone would write first what waits to be written.
      for (const [, connection] of client.connections) connection.socket?.destroy();
      await client.close().catch(() => {});
    },
  };
}

/** Takes the batches that are acked out of `waiting`. */
function noteAcks({ responses }: ProduceResponse, waiting: Batches, offsets: MutableOffsets): void {
  for (const { name: topic, partitionResponses } of responses) {
    for (const { index, errorCode, baseOffset } of partitionResponses) {
      const name = nameOf(topic, index);
      const batch = waiting.get(name);
      if (!batch || errorCode !== 0) continue;
      waiting.delete(name);
      if (baseOffset >= 0n)
        offsets[topic] = { ...offsets[topic], [index]: String(baseOffset + BigInt(batch.count)) };
    }
  }
}

/** What the errors of @platformatic/kafka tell lies within them. */
function explained(error: unknown): unknown {
  const refusal = errorNames(error).find(isRefusal);
  if (refusal !== undefined) return new RelayError("RECORD_REFUSED", refusal, { cause: error });
  return error instanceof MultipleErrors ? new Error(reasonOf(error), { cause: error }) : error;
}
