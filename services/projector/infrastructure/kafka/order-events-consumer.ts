import type { Consumer, ConsumerConfig, EachBatchHandler, Kafka } from "kafkajs";
import { createBackoff } from "../../../platform/backoff.ts";
import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ConsumerLag } from "./consumer-lag.ts";
import type { GroupMembership } from "./group-membership.ts";
import { learnOffsets } from "./learn-offsets.ts";

export interface OrderEventsConsumerOptions {
  /** A new client: kafkajs keeps a group's offsets in the client, and a fresh start must not see those of the last try. */
  readonly createKafka: () => Kafka;
  /** Runs before each start: makes the topics that are missing. */
  readonly prepare: (kafka: Kafka) => Promise<void>;
  readonly topic: string;
  readonly consumer: Pick<ConsumerConfig, "groupId" | "sessionTimeout" | "heartbeatInterval">;
  /** Partitions that are worked on at the same time; each one in its order. */
  readonly concurrency: number;
  readonly eachBatch: EachBatchHandler;
  readonly membership: GroupMembership;
  readonly lag: ConsumerLag;
  readonly log: Logger;
}

/** A fetch that finds nothing is held by the broker for this long; a stop may have to wait for it. */
const FETCH_WAIT_MS = 500;

/**
 * Consumes until `stopping` aborts, then leaves the group and resolves. Whatever ends the consumer before that (Kafka is not there,
 * kafkajs crashes for good) is answered by a new one after a while: kafkajs restarts only after errors that it deems
 * retriable, and a consumer that crashed otherwise would leave a service that lives and does nothing.
 */
export async function consumeOrderEvents(
  options: OrderEventsConsumerOptions,
  stopping: AbortSignal,
): Promise<void> {
  const { membership, log } = options;
  const backoff = createBackoff({ initialMs: 250, maxMs: 5_000 });
  while (!stopping.aborted) {
    try {
      await consumeUntilCrash(options, stopping, () => backoff.reset());
    } catch (err) {
      membership.left(`the consumer failed: ${(err as Error).message}`);
      log.error({ err }, "the consumer failed, a new one will be started");
      await delay(backoff.next(), stopping);
    }
  }
  membership.left("stopped");
}

async function consumeUntilCrash(
  options: OrderEventsConsumerOptions,
  stopping: AbortSignal,
  onJoined: () => void,
): Promise<void> {
  const { topic, eachBatch, concurrency, membership, lag, log } = options;
  const kafka = options.createKafka();
  const consumer = kafka.consumer({
    ...options.consumer,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    // Restarting is done here, for every kind of error alike.
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
  });
  membership.watch(consumer);
  lag.watch(consumer);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    onJoined();
    const { groupId, memberAssignment } = payload;
    log.info({ groupId, topic, partitions: memberAssignment[topic] ?? [] }, "joined the consumer group");
  });
  const crash = crashOf(consumer);
  const stopped = abortOf(stopping);
  const ended = new AbortController();
  const steps = [
    () => options.prepare(kafka),
    async () => {
      const { groupId } = options.consumer;
      void learnOffsets({ admin: kafka.admin(), topic, groupId, onOffsets: lag.learn, log }, ended.signal);
    },
    () => consumer.connect(),
    () => consumer.subscribe({ topics: [topic], fromBeginning: true }),
    () =>
      consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: concurrency,
        eachBatch,
      }),
  ];
  // Each step may take as long as a request to a broker that does not answer: a stop waits for none of them.
  async function start(): Promise<void> {
    for (const step of steps) {
      if (!stopping.aborted) await step();
    }
    await stopped.promise;
  }
  try {
    await Promise.race([crash, stopped.promise, start()]);
  } finally {
    stopped.release();
    ended.abort();
    lag.left();
    await consumer.disconnect().catch(() => {});
  }
}

/** Rejects with the error that ended the consumer. */
function crashOf(consumer: Consumer): Promise<never> {
  const crash = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  });
  crash.catch(() => {}); // it may crash while nobody waits: during the disconnect
  return crash;
}

function abortOf(signal: AbortSignal): { promise: Promise<void>; release: () => void } {
  let onAbort = () => {};
  const promise = new Promise<void>((resolve) => {
    onAbort = resolve;
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return { promise, release: () => signal.removeEventListener("abort", onAbort) };
}
