import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { BatchLimits } from "./event-queue.ts";
import type { Refusal } from "./publisher.ts";

/** An event that can never be published; without a refusal, one that waits behind such an event of its key. */
export interface ParkedEvent {
  readonly event: OutboxEvent;
  readonly refusal: Refusal | undefined;
}

/** A parked event as it lies there, with what a person has asked for. */
export interface DeadLetter {
  readonly event: OutboxEvent;
  readonly isRefused: boolean;
  readonly request: "retry" | "discard" | undefined;
}

/** Port: the table outbox_dead_letter. Whatever is in it counts as not published, whatever the checkpoint says. */
export interface DeadLetters {
  /** The keys (`orderingKey`) of which events wait. */
  parkedKeys(): Promise<Set<string>>;
  /** The ids of all that wait. */
  ids(): Promise<string[]>;
  /**
   * Puts the events down, behind those that are there, in one transaction. One that is there already stays where it is, and
   * takes over a refusal.
   * @throws RelayError LEASE_LOST when another leader has taken over since `epoch`: nothing is written then.
   */
  park(events: readonly ParkedEvent[], epoch: bigint): Promise<void>;
  /** The keys whose oldest event need not stay: a person wants it tried again or dropped, or what it waited for is gone. */
  releasableKeys(): Promise<string[]>;
  /** The oldest of the key, in their order, as many as fit the limits; at least one unless there is none. */
  ofKey(key: string, limits: BatchLimits): Promise<DeadLetter[]>;
  /** They are on Kafka, or not wanted. @throws RelayError LEASE_LOST */
  remove(ids: readonly string[], epoch: bigint): Promise<void>;
}

/** What order is kept within: aggregate type and key. */
export function orderingKey({ aggregateType, key }: Pick<OutboxEvent, "aggregateType" | "key">): string {
  return JSON.stringify([aggregateType, key.toString()]);
}
