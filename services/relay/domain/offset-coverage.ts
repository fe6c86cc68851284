import { isVisible, parseSnapshot, type Snapshot, widenTransactionId } from "./snapshot.ts";
import type { TopicOffsets } from "./topic-offsets.ts";

/**
 * Finds the Kafka offsets that belong to a tick's snapshot: a lower bound for every record whose transaction the snapshot does not
 * see. A transaction can be in the WAL, and even on Kafka, before any snapshot sees it (its commit may wait for a
 * synchronous standby), so the end offsets at the time of the tick would be too high.
 */
export interface OffsetCoverage {
  /** Notes a batch that was acked: its transactions, and the end offsets before it was sent. */
  published(xids: readonly number[], offsetsBefore: TopicOffsets): void;
  /**
   * The snapshot of a tick that is on its way. Whatever is covered from now on was taken no earlier, so what this one sees is not kept:
   * of a backlog, which all comes before the first tick, that is everything.
   */
  sent(snapshot: string): void;
  /** Forgets what the snapshot sees; returns the lower bound for all that it does not see. */
  cover(snapshot: string, endOffsets: TopicOffsets): TopicOffsets;
}

export function createOffsetCoverage(): OffsetCoverage {
  let batches: { readonly xids: readonly number[]; readonly offsetsBefore: TopicOffsets }[] = [];
  let newest: Snapshot | undefined;

  function forgetSeenBy(snapshot: Snapshot): void {
    batches = batches
      .map(({ xids, offsetsBefore }) => ({ xids: unseen(xids, snapshot), offsetsBefore }))
      .filter(({ xids }) => xids.length > 0);
  }

  return {
    published(xids, offsetsBefore) {
      const kept = newest ? unseen(xids, newest) : xids;
      if (kept.length > 0) batches.push({ xids: kept, offsetsBefore });
    },
    sent(text) {
      newest = parseSnapshot(text);
      forgetSeenBy(newest);
    },
    cover(text, endOffsets) {
      forgetSeenBy(parseSnapshot(text));
      return batches[0]?.offsetsBefore ?? endOffsets;
    },
  };
}

function unseen(xids: readonly number[], snapshot: Snapshot): number[] {
  return xids.filter((xid) => !isVisible(snapshot, widenTransactionId(snapshot, xid)));
}
