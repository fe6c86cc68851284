import { type Backoff, createBackoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import type { Logger } from "../../platform/logger.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { TopicOffsets } from "../domain/topic-offsets.ts";
import type { Publisher } from "./publisher.ts";
import type { RelayObserver } from "./relay-observer.ts";

/** Publishes a batch, for ever if need be. Rejects only when `abandon` aborts: then the batch may be on Kafka or not. */
export type PublishUntilAcked = (
  events: readonly OutboxEvent[],
  abandon: AbortSignal,
) => Promise<TopicOffsets>;

export function createPublishUntilAcked(options: {
  readonly publisher: Publisher;
  readonly observer: RelayObserver;
  readonly log: Logger;
  readonly backoff?: Backoff;
}): PublishUntilAcked {
  const { publisher, observer, log } = options;
  const backoff = options.backoff ?? createBackoff({ initialMs: 100, maxMs: 5_000 });
  return async (events, abandon) => {
    observer.publishStarted(events);
    for (;;) {
      abandon.throwIfAborted();
      try {
        const offsets = await unlessAborted(publisher.publish(events), abandon);
        backoff.reset();
        return offsets;
      } catch (err) {
        if (abandon.aborted) throw err;
        observer.publishFailed(err);
        log.error({ err, events: events.length }, "publishing failed, trying again");
        await delay(backoff.next(), abandon);
      }
    }
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
