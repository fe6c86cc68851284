import { delay } from "../../platform/delay.ts";
import { isVisible, parseSnapshot } from "../domain/snapshot.ts";
import { type Draining, drainOutbox } from "./drain-outbox.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Resumed } from "./leadership.ts";

export type DrainingBelowSlot = Draining & {
  readonly heartbeat: Heartbeat;
  readonly pollIntervalMs: number;
};

/**
 * Publishes from the table every event that was committed below the position of a slot, once the slot is there: the stream will
 * not bring it. When `halt` aborts it returns early.
 *
 * One drain is not enough. A commit record is in the WAL before any snapshot sees its transaction, and long before it when the
 * commit waits for a synchronous standby: the slot has passed it, the drain has not seen it. Such a transaction is in progress
 * in the snapshot of the first drain; so the outbox is drained again until all that was has ended.
 */
export async function drainBelowSlot(deps: DrainingBelowSlot, resumed: Resumed): Promise<void> {
  const { saver, halt } = resumed;
  // A snapshot names as in progress only ids below that of the newest transaction that has ended. This one ends now, and its id is
  // above those of all transactions that can have a commit record below the slot.
  await deps.heartbeat.tick(crypto.randomUUID());
  await drainOutbox(deps, resumed);
  const { inProgress } = parseSnapshot(saver.current.published);
  if (!haveEnded(inProgress, saver.current.published))
    deps.log.info(
      { inProgress: inProgress.size },
      "draining until the transactions that were open have ended",
    );
  while (!halt.aborted && !haveEnded(inProgress, saver.current.published)) {
    await delay(deps.pollIntervalMs, halt);
    await drainOutbox(deps, resumed);
    await saver.saveIfDue();
  }
}

function haveEnded(transactionIds: ReadonlySet<bigint>, snapshotText: string): boolean {
  const snapshot = parseSnapshot(snapshotText);
  for (const id of transactionIds) if (!isVisible(snapshot, id)) return false;
  return true;
}
