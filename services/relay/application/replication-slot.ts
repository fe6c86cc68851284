import type { Lsn } from "../domain/lsn.ts";

/** Port: the slot that keeps the WAL until it is confirmed. */
export interface ReplicationSlot {
  /**
   * Checks the publication, then finds the slot, or makes it when it is missing or lost, and frees it from a walsender that a dead
   * leader left behind. `complete` is false when the slot does not reach back to `confirmedLsn`: what was
   * committed before its position must come from the table.
   */
  prepare(confirmedLsn: Lsn): Promise<{ readonly confirmedFlushLsn: Lsn; readonly complete: boolean }>;
  /** The slot's `confirmed_flush_lsn` once no walsender has it any more, or undefined when that takes too long. */
  readBack(): Promise<Lsn | undefined>;
}
