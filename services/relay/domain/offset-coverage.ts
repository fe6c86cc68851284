import { isVisible, parseSnapshot, widenTransactionId } from "./snapshot.ts";
import type { TopicOffsets } from "./topic-offsets.ts";

/**
 * Finds the Kafka offsets that belong to a tick's snapshot: a lower bound for every record whose transaction the snapshot does not
 * see. A transaction can be in the WAL, and even on Kafka, before any snapshot sees it (its commit may wait for a
 * synchronous standby), so the end offsets at the time of the tick would be too high.
 */
export interface OffsetCoverage {
  /** Notes a batch that was acked: its transactions, and the end offsets before it was sent. */
  published(xids: readonly number[], offsetsBefore: TopicOffsets): void;
  /** Forgets what the snapshot sees; returns the lower bound for all that it does not see. */
  cover(snapshot: string, endOffsets: TopicOffsets): TopicOffsets;
}

export function createOffsetCoverage(): OffsetCoverage {
  let batches: { readonly xids: readonly number[]; readonly offsetsBefore: TopicOffsets }[] = [];
  return {
    published(xids, offsetsBefore) {
      batches.push({ xids, offsetsBefore });
    },
    cover(text, endOffsets) {
      const snapshot = parseSnapshot(text);
      batches = batches
        .map(({ xids, offsetsBefore }) => ({
          xids: xids.filter((xid) => !isVisible(snapshot, widenTransactionId(snapshot, xid))),
          offsetsBefore,
        }))
        .filter(({ xids }) => xids.length > 0);
      return batches[0]?.offsetsBefore ?? endOffsets;
    },
  };
}
