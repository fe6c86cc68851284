import type { Logger } from "../../platform/logger.ts";
import type { CheckpointSaver } from "./checkpoint-saver.ts";
import type { BatchLimits } from "./event-queue.ts";
import type { PublishUntilAcked } from "./publish-until-acked.ts";
import type { RelayObserver } from "./relay-observer.ts";

/** What a relay has while it holds the lease. */
export interface Leadership {
  readonly epoch: bigint;
  readonly saver: CheckpointSaver;
  /** Aborts when the lease is lost (the reason is the error) or the relay is to stop. */
  readonly halt: AbortSignal;
  /** Aborts when not even the batch in flight may be waited for any longer. */
  readonly abandon: AbortSignal;
}

/** What both ways of reading the outbox need to publish. */
export interface Publishing {
  readonly publish: PublishUntilAcked;
  readonly observer: RelayObserver;
  readonly log: Logger;
  readonly batch: BatchLimits;
}
