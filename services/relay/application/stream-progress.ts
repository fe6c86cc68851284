import { type AckLaw, createAckLaw } from "../domain/ack-law.ts";
import { createOffsetCoverage } from "../domain/offset-coverage.ts";
import { mergeOffsets, type TopicOffsets } from "../domain/topic-offsets.ts";
import type { Checkpoint } from "./checkpoint-store.ts";
import type { EventBatch } from "./event-queue.ts";

/** Turns what is acked into the next checkpoint. */
export interface StreamProgress {
  readonly law: AckLaw;
  /** The broker has acked the whole batch. */
  acked(batch: EventBatch, endOffsets: TopicOffsets): void;
  /** The checkpoint as of now; the same object as long as nothing has changed. */
  checkpoint(): Checkpoint;
}

export function createStreamProgress(start: Checkpoint): StreamProgress {
  const law = createAckLaw(start.confirmedLsn);
  const coverage = createOffsetCoverage();
  let endOffsets = mergeOffsets(start.publishedOffsets, start.confirmedOffsets);
  let current = start;
  let boundaryOffsets = start.confirmedOffsets;
  let coveredTick: string | undefined;

  return {
    law,
    acked(batch, newer) {
      coverage.published(distinctXids(batch), endOffsets);
      for (const transaction of batch.transactions) law.ack(transaction);
      endOffsets = mergeOffsets(endOffsets, newer);
      law.advance();
      if (law.atBoundary) boundaryOffsets = endOffsets;
    },
    checkpoint() {
      law.advance();
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
    },
  };
}

function distinctXids(batch: EventBatch): number[] {
  const xids: number[] = [];
  for (const { xid } of batch.transactions) {
    if (xid !== xids.at(-1)) xids.push(xid);
  }
  return xids;
}
