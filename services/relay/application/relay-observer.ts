import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { ModeChangeReason } from "./mode-cause.ts";
import type { RefusalReason } from "./publisher.ts";
import type { ReadingMode } from "./relay-history.ts";

export type RelayPhase =
  | "starting"
  | "standby"
  | "draining"
  | "streaming"
  | "polling"
  | "paused"
  | "recovering"
  | "stopped";

/** Port: who watches the relay (metrics, readiness). Called per batch or change, never per event; must not throw. */
export interface RelayObserver {
  phase(phase: RelayPhase, reason?: string): void;
  leader(isLeader: boolean): void;
  publishStarted(events: readonly OutboxEvent[]): void;
  publishFailed(error: unknown): void;
  /** `oldestCommittedAt`: ms since 1970, of the batch's first transaction. */
  published(events: readonly OutboxEvent[], oldestCommittedAt: number): void;
  tickSent(): void;
  /** Round trip of the last completed tick: the honest replication lag. */
  heartbeat(lagMs: number): void;
  queued(events: number, bytes: number): void;
  modeChanged(from: ReadingMode, to: ReadingMode, reason: ModeChangeReason): void;
  deadLettered(reason: RefusalReason): void;
  /** How many keys wait behind a dead letter. */
  parkedKeys(count: number): void;
}
