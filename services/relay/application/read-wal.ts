import { formatLsn, maxLsn } from "../domain/lsn.ts";
import { type DrainingBelowSlot, drainBelowSlot } from "./drain-below-slot.ts";
import { drainOutbox } from "./drain-outbox.ts";
import type { Resumed } from "./leadership.ts";
import type { PreparedSlot } from "./replication-slot.ts";
import { type Streaming, streamOutbox } from "./stream-outbox.ts";

export type ReadingWal = Streaming & DrainingBelowSlot;

/**
 * Publishes from the table what the slot does not reach back to, then streams, until `halt`. Rejects when the stream is lost;
 * `onStreaming` is called once it is open.
 */
export async function readWal(
  deps: ReadingWal,
  resumed: Resumed,
  slot: PreparedSlot,
  onStreaming: () => Promise<void> = async () => {},
): Promise<void> {
  const { saver, halt } = resumed;
  const { observer, log } = deps;
  // A drain that was under way is finished in any case: the stream knows snapshots, not drains.
  if (saver.current.drain) {
    observer.phase("draining");
    await drainOutbox(deps, resumed).finally(() => saver.flush());
    if (halt.aborted) return;
  }
  if (!slot.complete) {
    log.info({ lsn: formatLsn(slot.confirmedFlushLsn) }, "draining what the slot does not reach back to");
    observer.phase("draining");
    try {
      // Not a drain that was only finished: its snapshot may be older than the slot.
      await drainBelowSlot(deps, resumed);
      if (halt.aborted) return;
      const confirmedLsn = maxLsn(slot.confirmedFlushLsn, saver.current.confirmedLsn);
      // With the LSN from which on the slot counts as complete, never after it: else a start in between would take it for complete
      // whatever the publication has lacked since.
      saver.note({ ...saver.current, confirmedLsn, publication: slot.publication }, 0);
    } finally {
      await saver.flush();
    }
  }
  saver.note({ ...saver.current, publication: slot.publication }, 0);
  const confirmedLsn = await streamOutbox(deps, resumed, onStreaming);
  const readBack = await deps.slot.readBack();
  const fields = { confirmed: formatLsn(confirmedLsn), slot: readBack && formatLsn(readBack) };
  if (readBack === confirmedLsn) log.info(fields, "the slot has the last confirmation");
  else log.warn(fields, "the slot does not have the last confirmation; the next start skips what it repeats");
}
