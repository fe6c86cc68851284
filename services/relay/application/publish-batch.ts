import { type Backoff, createBackoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import type { Logger } from "../../platform/logger.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { mergeOffsets, type TopicOffsets } from "../domain/topic-offsets.ts";
import type { KafkaTail } from "./kafka-tail.ts";
import type { Publisher } from "./publisher.ts";
import { hasCode } from "./relay-error.ts";
import type { RelayObserver } from "./relay-observer.ts";

/** Publishes batches, one after the other, each event once. */
export interface BatchPublisher {
  /**
   * Tries for ever if need be. Resolves when all events are on Kafka, or with the first one that the broker will never take: those
   * before it are on Kafka then, those after it (`rest`) are not. Rejects only when `abandon` aborts: any part of the
   * batch may then be on Kafka.
   */
  publish(events: readonly OutboxEvent[], abandon: AbortSignal): Promise<PublishResult>;
  /** After the last record of each partition that is known of. */
  readonly endOffsets: TopicOffsets;
}

export type PublishResult =
  | { readonly refused?: undefined }
  | { readonly refused: OutboxEvent; readonly detail: string; readonly rest: readonly OutboxEvent[] };

/** The broker will never take one of these events; none of them is on Kafka. */
class BatchRefused extends Error {
  readonly events: readonly OutboxEvent[];

  constructor(events: readonly OutboxEvent[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.events = events;
  }
}

export function createBatchPublisher(options: {
  readonly publisher: Publisher;
  readonly tail: KafkaTail;
  readonly endOffsets: TopicOffsets;
  readonly observer: RelayObserver;
  readonly log: Logger;
  readonly backoff?: Backoff;
}): BatchPublisher {
  const { publisher, tail, observer, log } = options;
  const backoff = options.backoff ?? createBackoff({ initialMs: 100, maxMs: 5_000 });
  let { endOffsets } = options;

  /**
   * After a rejection any part may be on Kafka, and the producer cannot be asked (kafkajs forgets what it sent): the topic
   * itself tells what is still to be sent.
   */
  async function publishUntilAcked(events: readonly OutboxEvent[], abandon: AbortSignal): Promise<void> {
    let remaining = events;
    let failure: unknown;
    while (remaining.length > 0) {
      abandon.throwIfAborted();
      try {
        if (failure !== undefined) {
          remaining = await notOnKafka(remaining, abandon);
          if (hasCode(failure, "RECORD_REFUSED") && remaining.length > 0)
            throw new BatchRefused(remaining, failure);
          failure = undefined;
          continue;
        }
        const offsets = await unlessAborted(publisher.publish(remaining), abandon);
        endOffsets = mergeOffsets(endOffsets, offsets);
        backoff.reset();
        return;
      } catch (err) {
        if (abandon.aborted || err instanceof BatchRefused) throw err;
        failure ??= err;
        observer.publishFailed(err);
        log.error({ err, events: remaining.length }, "publishing failed, looking for what is on the topic");
        if (!hasCode(err, "RECORD_REFUSED")) await delay(backoff.next(), abandon);
      }
    }
  }

  async function notOnKafka(
    events: readonly OutboxEvent[],
    signal: AbortSignal,
  ): Promise<readonly OutboxEvent[]> {
    const found = await tail.read(endOffsets, { settle: true, signal });
    for (const gap of found.gaps) log.warn({ gap }, "some events may be published twice");
    endOffsets = mergeOffsets(endOffsets, found.endOffsets);
    return events.filter(({ id }) => !found.ids.take(id));
  }

  async function publish(events: readonly OutboxEvent[], abandon: AbortSignal): Promise<PublishResult> {
    try {
      await publishUntilAcked(events, abandon);
      return {};
    } catch (error) {
      if (!(error instanceof BatchRefused)) throw error;
      const [first] = error.events;
      if (error.events.length === 1 && first) return { refused: first, detail: error.message, rest: [] };
      // Which one it is, the broker does not tell.
      const middle = Math.ceil(error.events.length / 2);
      const [left, right] = [error.events.slice(0, middle), error.events.slice(middle)];
      const result = await publish(left, abandon);
      if (result.refused) return { ...result, rest: [...result.rest, ...right] };
      return publish(right, abandon);
    }
  }

  return {
    async publish(events, abandon) {
      observer.publishStarted(events);
      return publish(events, abandon);
    },
    get endOffsets() {
      return endOffsets;
    },
  };
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
