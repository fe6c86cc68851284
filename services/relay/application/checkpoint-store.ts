import type { Lsn } from "../domain/lsn.ts";
import type { TopicOffsets } from "../domain/topic-offsets.ts";

/** How far a drain has come: everything visible in `snapshot` with a position up to `position` is published. */
export interface DrainProgress {
  readonly snapshot: string;
  readonly position: string;
}

/**
 * What is published: an event that is visible in `published`, or covered by `drain`, or that ends at or below
 * `confirmedLsn`. The offsets bound the rest from below: whatever else of this outbox is on Kafka stands at or after them.
 */
export interface Checkpoint {
  /** Text form of a pg_snapshot. */
  readonly published: string;
  readonly drain: DrainProgress | undefined;
  /** Belong to `published` and `drain`. */
  readonly publishedOffsets: TopicOffsets;
  readonly confirmedLsn: Lsn;
  /** Belong to `confirmedLsn`. */
  readonly confirmedOffsets: TopicOffsets;
  /**
   * Identity of the publication that the WAL was last read through. All that is not published was written while it was this one,
   * unless the publication has another identity now: then rows may be missing from the WAL that the table has.
   */
  readonly publication?: string | undefined;
}

/** Port: the relay's row in relay_checkpoint. */
export interface CheckpointStore {
  /**
   * @throws RelayError DATABASE_CHANGED when the checkpoint belongs to another cluster, or is ahead of this database (a restored
   * dump or backup): going on would lose or repeat events, and only a person knows which of the two is right.
   */
  load(): Promise<Checkpoint>;
  /** @throws RelayError LEASE_LOST when another leader has taken over since `epoch`: nothing is written then. */
  save(checkpoint: Checkpoint, epoch: bigint): Promise<void>;
}
