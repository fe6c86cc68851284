import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { DrainProgress } from "./checkpoint-store.ts";

/** Port: the outbox as a table, for polling and for what a slot does not reach back to. */
export interface OutboxTable {
  /**
   * Opens a drain of all events that are visible in its snapshot and not in `published`, by position. With `resume` the
   * snapshot is that of the drain begun earlier, and positions up to `resume.position` are left out.
   */
  openDrain(published: string, resume: DrainProgress | undefined): Promise<OpenDrain>;
}

export interface OpenDrain {
  /** Text form of the pg_snapshot that bounds the drain. */
  readonly snapshot: string;
  /** The next events, `limit` at most; none at the end. */
  read(limit: number): Promise<OutboxEvent[]>;
  close(): Promise<void>;
}
