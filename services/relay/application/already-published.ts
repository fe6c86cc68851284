import { isVisible, parseSnapshot } from "../domain/snapshot.ts";
import { clampOffsets, minOffsets, type TopicOffsets } from "../domain/topic-offsets.ts";
import { createUuidSet } from "../domain/uuid-set.ts";
import type { Checkpoint } from "./checkpoint-store.ts";
import type { FoundOnKafka } from "./kafka-tail.ts";

/**
 * What a leader before this one (or this one, before a mode change) has published beyond its checkpoint, as found on Kafka. A source
 * that starts from the checkpoint comes across those events again, and they are not to be published twice.
 */
export interface AlreadyPublished {
  /** True, once for each, for an event that is on Kafka already. */
  take(id: string): boolean;
  /** The same, without counting it as come again. */
  has(id: string): boolean;
  /** How many have not come again. */
  readonly size: number;
  readonly transactionIds: readonly number[];
  /** No record of an event beyond the checkpoint stands before these. */
  readonly startOffsets: TopicOffsets;
  readonly endOffsets: TopicOffsets;
  /** Forgets all if the snapshot sees all of their transactions: then whatever drained to it has come across them. */
  forgetIfSeenBy(snapshot: string): void;
  forget(): void;
}

export function createAlreadyPublished(found: FoundOnKafka): AlreadyPublished {
  let { ids, transactionIds } = found;
  const { startOffsets, endOffsets } = found;

  function forget(): void {
    ids = createUuidSet();
    transactionIds = [];
  }

  return {
    take: (id) => ids.size > 0 && ids.take(id),
    has: (id) => ids.size > 0 && ids.has(id),
    get size() {
      return ids.size;
    },
    get transactionIds() {
      return transactionIds;
    },
    startOffsets,
    endOffsets,
    forget,
    forgetIfSeenBy(text) {
      const snapshot = parseSnapshot(text);
      if (transactionIds.every((id) => isVisible(snapshot, BigInt(id)))) forget();
    },
  };
}

/** Where to look: nothing that the checkpoint does not cover stands on Kafka before these offsets. */
export function tailOffsets({ publishedOffsets, confirmedOffsets }: Checkpoint): TopicOffsets {
  return minOffsets(publishedOffsets, confirmedOffsets);
}

/** The checkpoint with offsets that are there: a topic may have been made anew, shortened by retention, or be new to the relay. */
export function withKnownOffsets(
  checkpoint: Checkpoint,
  { startOffsets, endOffsets }: FoundOnKafka,
): Checkpoint {
  const clamp = (offsets: TopicOffsets) => clampOffsets(offsets, startOffsets, endOffsets);
  return {
    ...checkpoint,
    publishedOffsets: clamp(checkpoint.publishedOffsets),
    confirmedOffsets: clamp(checkpoint.confirmedOffsets),
  };
}
