import { createBackoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import type { Logger } from "../../platform/logger.ts";
import { createAlreadyPublished, tailOffsets, withKnownOffsets } from "./already-published.ts";
import { isCovered } from "./checkpoint-coverage.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { openDelivery } from "./delivery.ts";
import type { BatchLimits } from "./event-queue.ts";
import type { FoundOnKafka, KafkaTail } from "./kafka-tail.ts";
import type { Leadership, Resumed } from "./leadership.ts";
import { createBatchPublisher } from "./publish-batch.ts";
import type { Publisher } from "./publisher.ts";
import type { RelayObserver } from "./relay-observer.ts";

export interface Resuming {
  readonly tail: KafkaTail;
  readonly publisher: Publisher;
  readonly deadLetters: DeadLetters;
  readonly observer: RelayObserver;
  readonly log: Logger;
  readonly batch: BatchLimits;
  /** How often people's wishes for dead letters are looked for. */
  readonly releaseIntervalMs: number;
}

/**
 * Finds out what is on Kafka beyond the checkpoint, then runs `work`, which reads the outbox from the checkpoint on; released dead
 * letters are published beside it. `settle`: see TailOptions.
 */
export async function resumeFromCheckpoint<T>(
  deps: Resuming,
  leadership: Leadership,
  settle: boolean,
  work: (resumed: Resumed) => Promise<T>,
): Promise<T> {
  const { saver, epoch, halt, abandon } = leadership;
  const { publisher, tail, deadLetters, observer, log } = deps;
  const found = await readTail();
  for (const gap of found.gaps) log.warn({ gap }, "some events may be published twice");
  log.info({ found: found.ids.size }, "read what is on Kafka beyond the checkpoint");
  saver.note(withKnownOffsets(saver.current, found), 0);
  // Before anything is published: else the next start would not know where to begin to look for it.
  await saver.flush();

  const alreadyPublished = createAlreadyPublished(found);
  const batches = createBatchPublisher({ publisher, tail, observer, log, endOffsets: found.endOffsets });
  const delivery = await openDelivery({
    batches,
    publisher,
    deadLetters,
    alreadyPublished,
    isCovered: (event) => isCovered(saver.saved, event),
    batch: deps.batch,
    epoch,
    abandon,
    observer,
    log,
  });
  const over = new AbortController();
  const releasing = releaseNowAndThen(AbortSignal.any([halt, over.signal]));
  try {
    return await work({ ...leadership, alreadyPublished, delivery });
  } finally {
    over.abort();
    await releasing;
  }

  /** For ever if need be: without it nothing may be published. */
  async function readTail(): Promise<FoundOnKafka> {
    const backoff = createBackoff({ initialMs: 100, maxMs: 5_000 });
    for (;;) {
      try {
        return await tail.read(tailOffsets(saver.current), { settle, signal: halt });
      } catch (err) {
        halt.throwIfAborted();
        observer.phase("recovering", `Kafka cannot be read: ${err instanceof Error ? err.message : err}`);
        log.error({ err }, "cannot read what is on Kafka, trying again");
        await delay(backoff.next(), halt);
        halt.throwIfAborted();
      }
    }
  }

  async function releaseNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delivery.release(signal).catch((err) => {
        if (!signal.aborted) log.error({ err }, "dead letters could not be released, trying again");
      });
      await delay(deps.releaseIntervalMs, signal);
    }
  }
}
