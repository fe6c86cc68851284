import type { Logger } from "../../../platform/logger.ts";
import type { CheckpointStore } from "../checkpoint-store.ts";
import type { DeadLetters } from "../dead-letters.ts";
import type { EventStream } from "../event-stream.ts";
import type { Heartbeat } from "../heartbeat.ts";
import type { KafkaTail } from "../kafka-tail.ts";
import type { Leases } from "../lease.ts";
import type { Maintenance } from "../maintenance.ts";
import type { OutboxTable } from "../outbox-table.ts";
import type { Publisher } from "../publisher.ts";
import { createRelay, type Relay } from "../relay.ts";
import type { RelayControls, RelayMode } from "../relay-control.ts";
import type { RelayHistory } from "../relay-history.ts";
import type { RelayObserver } from "../relay-observer.ts";
import type { ReplicationSlot } from "../replication-slot.ts";

export interface RelayPorts {
  readonly leases: Leases;
  readonly checkpoints: CheckpointStore;
  readonly history: RelayHistory;
  readonly controls: RelayControls;
  readonly stream: EventStream;
  readonly slot: ReplicationSlot;
  readonly heartbeat: Heartbeat;
  readonly table: OutboxTable;
  readonly deadLetters: DeadLetters;
  readonly maintenance: Maintenance;
  readonly publisher: Publisher;
  readonly tail: KafkaTail;
  readonly observer: RelayObserver;
  readonly log: Logger;
}

export interface RelaySettings {
  readonly mode: RelayMode;
  /** How often is looked at what people want. */
  readonly controlIntervalMs: number;
  readonly pollIntervalMs: number;
  readonly tickIntervalMs: number;
  readonly tickTimeoutMs: number;
  readonly fallbackAfterMs: number;
  readonly queueBytes: number;
  readonly batchEvents: number;
  readonly batchBytes: number;
}

/** How long an orderly stop waits for the last tick to come back. */
const LAST_TICK_MS = 1_000;

/** Builds the relay from its ports. */
export function createRelayFromPorts(ports: RelayPorts, settings: RelaySettings): Relay {
  return createRelay({
    ...ports,
    mode: settings.mode,
    controlIntervalMs: settings.controlIntervalMs,
    batch: { events: settings.batchEvents, bytes: settings.batchBytes },
    queueBytes: { high: settings.queueBytes, low: settings.queueBytes / 2 },
    checkpointIntervalMs: settings.tickIntervalMs,
    releaseIntervalMs: settings.tickIntervalMs,
    pollIntervalMs: settings.pollIntervalMs,
    tickIntervalMs: settings.tickIntervalMs,
    tickTimeoutMs: settings.tickTimeoutMs,
    fallbackAfterMs: settings.fallbackAfterMs,
    lastTickMs: LAST_TICK_MS,
  });
}
