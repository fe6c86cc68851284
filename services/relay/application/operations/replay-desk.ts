import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { Publisher } from "../publisher.ts";
import type { Audit } from "./audit.ts";

/** Which events; all that is given has to hold. */
export interface ReplaySelection {
  readonly key: string | undefined;
  /** Times of insertion: from the one on, and before the other. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly types: readonly string[];
  /** Only what stands behind it in the outbox. */
  readonly afterPosition: string;
}

/** What is in the outbox of a selection. */
export interface Replayable {
  /** Text form of a pg_snapshot: what counts as published in this replay. */
  readonly published: string;
  /** How many can be replayed: on the topic already, by the checkpoint. */
  readonly events: number;
  /** The relay has yet to publish them. */
  readonly unpublished: number;
  /** Dead letters, events behind them, and those that were discarded: the topic has never had them. */
  readonly unpublishable: number;
}

/** Port: events that are published already, for people who want them on the topic once more. */
export interface ReplayDesk {
  find(selection: ReplaySelection): Promise<Replayable>;
  /** The next ones in the order of the outbox, `limit` at most, of those that `find` counted. */
  read(selection: ReplaySelection, published: string, limit: number): Promise<OutboxEvent[]>;
  /** For this replay only. Rejects when a topic is not there. */
  openPublisher(): Promise<Publisher>;
  note(audit: Audit): Promise<void>;
}
