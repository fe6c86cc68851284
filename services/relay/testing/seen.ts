import type { ProcessSeen, Seen } from "../application/health/seen.ts";
import { outboxState, slotState } from "./outbox-state.ts";

/** A relay that is well, at one moment; each test changes what it is about. */
export const NOW = 1_700_000_000_000;

export const healthySlot = slotState({ retainedWalBytes: 10_000_000, safeWalBytes: 990_000_000 });

export const healthyFigures = outboxState({
  readAt: NOW - 500,
  leader: "relay-a 12",
  replicas: [
    { name: "relay-a 12", isLeader: true },
    { name: "relay-b 7", isLeader: false },
  ],
  slot: healthySlot,
});

export const healthyProcess: ProcessSeen = {
  name: "relay-a 12",
  isLeader: true,
  phase: "streaming",
  phaseReason: undefined,
  heartbeatLagMs: 4,
  eventsPerSecond: 120,
  latency: { p50Ms: 2, p99Ms: 9 },
  inFlightEvents: 3,
  unackedMs: 1,
  brokerError: undefined,
  queuedEvents: 0,
  queuedBytes: 0,
};

export const healthy: Seen = {
  now: NOW,
  figures: healthyFigures,
  figuresProblem: undefined,
  modeReason: "the WAL can be read",
  pause: undefined,
  process: healthyProcess,
};
