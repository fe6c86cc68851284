import type { Logger } from "../../platform/logger.ts";
import type { AlreadyPublished } from "./already-published.ts";
import type { CheckpointSaver } from "./checkpoint-saver.ts";
import type { Delivery } from "./delivery.ts";
import type { BatchLimits } from "./event-queue.ts";
import type { RelayObserver } from "./relay-observer.ts";

/** What a relay has while it holds the lease. */
export interface Leadership {
  readonly epoch: bigint;
  readonly saver: CheckpointSaver;
  /** Aborts when the lease is lost (the reason is the error) or the relay is to stop. */
  readonly halt: AbortSignal;
  /** Aborts when not even the batch in flight may be waited for any longer: the lease is lost, or a stop took too long. */
  readonly abandon: AbortSignal;
}

/** A leader that knows what is on Kafka already, and goes on from there. */
export interface Resumed extends Leadership {
  readonly alreadyPublished: AlreadyPublished;
  readonly delivery: Delivery;
}

/** What both ways of reading the outbox need beside that. */
export interface Reading {
  readonly observer: RelayObserver;
  readonly log: Logger;
  readonly batch: BatchLimits;
}
