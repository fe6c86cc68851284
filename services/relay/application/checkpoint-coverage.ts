import type { OutboxEvent } from "../domain/outbox-event.ts";
import { isVisible, parseSnapshot } from "../domain/snapshot.ts";
import type { Checkpoint } from "./checkpoint-store.ts";

/**
 * True when neither way of reading the outbox comes across the event again from this checkpoint on. One that ends at or below
 * `confirmedLsn` only is not covered: a drain reads it as soon as a snapshot sees it.
 */
export function isCovered(
  { published, drain }: Pick<Checkpoint, "published" | "drain">,
  { position, transactionId }: Pick<OutboxEvent, "position" | "transactionId">,
): boolean {
  const id = BigInt(transactionId);
  if (isVisible(parseSnapshot(published), id)) return true;
  if (!drain || BigInt(position) > BigInt(drain.position)) return false;
  return isVisible(parseSnapshot(drain.snapshot), id);
}
