import type { ReadingMode } from "./relay-history.ts";

/** Port: what the database knows of the outbox, its relays and their slot; the same whoever asks, also while no relay leads. */
export interface OutboxFigures {
  /** Takes the same time whatever is kept in the outbox, and waits. Rejects when SQL fails. */
  read(): Promise<OutboxState>;
}

export interface OutboxState {
  /** ms since 1970, by the clock of this process. */
  readonly readAt: number;
  /** The database's clock minus that of this process. */
  readonly clockSkewMs: number;
  /**
   * 0 when nothing waits. By the checkpoint as it is saved, so that it is up to two RELAY_TICK_INTERVAL_MS old while events flow; of
   * the event whose transaction is the oldest by its id, which may have written a moment after another one.
   */
  readonly oldestUnpublishedAgeMs: number;
  /** Without what is among the dead letters. */
  readonly unpublishedEvents: number;
  /** There may be more: they were counted up to a limit. */
  readonly unpublishedIsAtLeast: boolean;
  /** Events that can never be published; counted up to a limit, as the next. */
  readonly deadLetters: number;
  /** Events that wait behind a dead letter of their key. */
  readonly parkedEvents: number;
  /** Of the last change, by whatever leader; undefined before the first. */
  readonly mode: ReadingMode | undefined;
  /** Who holds the lease, by host and process id; undefined while nobody does. */
  readonly leader: string | undefined;
  /** 0 before the first leader. */
  readonly epoch: bigint;
  /** The relays of this name that have a session for the lease. */
  readonly replicas: readonly RelayReplica[];
  /** undefined: there is none. */
  readonly slot: SlotState | undefined;
}

export interface RelayReplica {
  /** Host and process id; cut off where the two and the relay's name are too long for Postgres. */
  readonly name: string;
  readonly isLeader: boolean;
}

export interface SlotState {
  readonly name: string;
  readonly active: boolean;
  readonly walStatus: WalStatus;
  /** What has been written to the WAL since the position that was confirmed last. */
  readonly confirmedFlushLagBytes: number;
  /** What the server keeps for the slot; 0 for one that is lost. */
  readonly retainedWalBytes: number;
  /** What may still be written before the slot is lost, which is negative when a checkpoint is all that it takes; undefined: no limit. */
  readonly safeWalBytes: number | undefined;
  /** 0 while it is active. Before PostgreSQL 17 since this process has first seen it so. */
  readonly inactiveMs: number;
  /** Why it can never be read again: pg_replication_slots.invalidation_reason. */
  readonly invalidationReason: string | undefined;
  readonly failover: boolean;
  readonly synced: boolean;
  /** Since the statistics were reset: transactions, and bytes of them, that did not fit into logical_decoding_work_mem. */
  readonly spilledTransactions: number;
  readonly spilledBytes: number;
}

export const walStatuses = ["reserved", "extended", "unreserved", "lost"] as const;
export type WalStatus = (typeof walStatuses)[number];
