import { type AckLaw, createAckLaw } from "../domain/ack-law.ts";
import { createOffsetCoverage } from "../domain/offset-coverage.ts";
import type { TopicOffsets } from "../domain/topic-offsets.ts";
import type { AlreadyPublished } from "./already-published.ts";
import type { Checkpoint } from "./checkpoint-store.ts";
import type { EventBatch } from "./event-queue.ts";

/** Turns what is acked into the next checkpoint. */
export interface StreamProgress {
  readonly law: AckLaw;
  /** The whole batch is on Kafka or parked; Kafka's ends before and after. */
  delivered(batch: EventBatch, endOffsets: TopicOffsets): void;
  /** A tick has been written into the WAL, with this snapshot. */
  tickSent(snapshot: string): void;
  /** The checkpoint as of now; the same object as long as nothing has changed. */
  checkpoint(): Checkpoint;
}

export function createStreamProgress(start: Checkpoint, alreadyPublished: AlreadyPublished): StreamProgress {
  const law = createAckLaw(start.confirmedLsn);
  const coverage = createOffsetCoverage();
  let endOffsets = alreadyPublished.endOffsets;
  let current = start;
  let boundaryOffsets = start.confirmedOffsets;
  let coveredTick: string | undefined;
  // Until our first tick has come back, records that were found on Kafka may belong to transactions that are still to come.
  let settled = false;
  const found = alreadyPublished.transactionIds;
  if (found.length > 0)
    coverage.published(
      found.map((id) => id % 2 ** 32),
      start.publishedOffsets,
    );

  function raiseBoundary(): void {
    if (settled && law.atBoundary) boundaryOffsets = endOffsets;
  }

  function checkpoint(): Checkpoint {
    law.advance();
    if (!settled && law.completedTick) {
      settled = true;
      alreadyPublished.forget();
      raiseBoundary();
    }
    if (law.confirmableLsn > current.confirmedLsn) {
      current = { ...current, confirmedLsn: law.confirmableLsn, confirmedOffsets: boundaryOffsets };
    }
    const tick = law.completedTick;
    if (tick && tick.id !== coveredTick) {
      coveredTick = tick.id;
      current = {
        ...current,
        published: tick.snapshot,
        drain: undefined,
        publishedOffsets: coverage.cover(tick.snapshot, endOffsets),
      };
    }
    return current;
  }

  return {
    law,
    delivered(batch, newer) {
      coverage.published(distinctXids(batch), endOffsets);
      for (const transaction of batch.transactions) law.ack(transaction);
      endOffsets = newer;
      law.advance();
      raiseBoundary();
    },
    tickSent(snapshot) {
      // The tick before it first: what only this one sees may hold the offsets of that one back.
      checkpoint();
      coverage.sent(snapshot);
    },
    checkpoint,
  };
}

function distinctXids(batch: EventBatch): number[] {
  const xids: number[] = [];
  for (const { xid } of batch.transactions) {
    if (xid !== xids.at(-1)) xids.push(xid);
  }
  return xids;
}
