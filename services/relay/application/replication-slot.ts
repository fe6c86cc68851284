import type { Lsn } from "../domain/lsn.ts";

/** Port: the slot that keeps the WAL until it is confirmed. */
export interface ReplicationSlot {
  /**
   * Checks what reading the WAL needs, then finds the slot, or makes it when it is missing or lost, and frees it from a walsender that a
   * dead leader left behind. With `anew`, or when the publication is not the one that it was read through (`publication`, its
   * identity), a slot that is there is dropped and made again. Making one waits for transactions that are open: `signal` calls it off.
   * @throws RelayError with a code that `isLasting` when the WAL cannot be read.
   */
  prepare(
    confirmedLsn: Lsn,
    options: {
      readonly anew: boolean;
      readonly publication?: string | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<PreparedSlot>;
  /** The slot's `confirmed_flush_lsn` as it is; undefined when there is no slot. */
  position(): Promise<Lsn | undefined>;
  /** The identity of the publication as it is; undefined when it does not exist. */
  publication(): Promise<string | undefined>;
  /** The slot's `confirmed_flush_lsn` once no walsender has it any more, or undefined when that takes too long. */
  readBack(): Promise<Lsn | undefined>;
}

export interface PreparedSlot {
  readonly confirmedFlushLsn: Lsn;
  /** False when it does not reach back to the checkpoint: what was committed before its position must come from the table. */
  readonly complete: boolean;
  /** Identity of the publication. */
  readonly publication?: string;
}
