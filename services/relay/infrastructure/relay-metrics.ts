import { Counter, Gauge, type Registry } from "prom-client";
import { refusalReasons } from "../application/publisher.ts";
import type { RelayObserver, RelayPhase } from "../application/relay-observer.ts";
import { metricNames } from "./metrics.ts";
import { createPublishLatency } from "./publish-latency.ts";

const MODES = ["cdc", "polling", "down"] as const;
const modeOfPhase: Readonly<Partial<Record<RelayPhase, (typeof MODES)[number]>>> = {
  streaming: "cdc",
  draining: "cdc",
  polling: "polling",
};

/** A batch that the broker has not acked for this long means that nothing flows. */
const STALLED_MS = 5_000;

export interface RelayMetrics extends RelayObserver {
  /**
   * Why nothing can flow now, or undefined. A standby is ready. So is a paused relay: it does what it was told, and pods that are not
   * ready would hold up every deployment for as long as the pause lasts.
   */
  notReady(): string | undefined;
  /** What there is to know of a relay that is ready. */
  remark(): string | undefined;
}

export function createRelayMetrics(registry: Registry, topicOf: ReadonlyMap<string, string>): RelayMetrics {
  const registers = [registry];
  const eventsPublished = new Counter({
    name: metricNames.eventsPublished,
    help: "Events that the broker has acked.",
    labelNames: ["topic"],
    registers,
  });
  const publishLatency = createPublishLatency(registry);
  const publishFailures = new Counter({
    name: metricNames.publishFailures,
    help: "Batches that had to be sent again.",
    registers,
  });
  const relayMode = new Gauge({
    name: metricNames.relayMode,
    help: "1 for how the outbox is read now; down while nothing is read, as on a standby.",
    labelNames: ["mode"],
    registers,
  });
  const relayLeader = new Gauge({
    name: metricNames.relayLeader,
    help: "1 while this process holds the lease.",
    registers,
  });
  const relayPaused = new Gauge({
    name: metricNames.relayPaused,
    help: "1 while this process leads and publishes nothing because somebody has paused the relay.",
    registers,
  });
  const queuedEvents = new Gauge({
    name: metricNames.queuedEvents,
    help: "Events read from the WAL that wait to be published.",
    registers,
  });
  const queuedBytes = new Gauge({
    name: metricNames.queuedBytes,
    help: "Memory that the waiting events take up; reading pauses at RELAY_QUEUE_BYTES.",
    registers,
  });
  const inFlightEvents = new Gauge({
    name: metricNames.inFlightEvents,
    help: "Events sent to the broker that it has not acked yet.",
    registers,
  });
  const lastAck = new Gauge({
    name: metricNames.lastAck,
    help: "When the broker last acked a batch.",
    registers,
  });
  const modeTransitions = new Counter({
    name: metricNames.modeTransitions,
    help: "Changes between reading the WAL and polling.",
    labelNames: ["from", "to"],
    registers,
  });
  const deadLettered = new Counter({
    name: metricNames.deadLettered,
    help: "Events that can never be published, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const parkedKeys = new Gauge({
    name: metricNames.parkedKeys,
    help: "Keys of which events wait behind a dead letter.",
    registers,
  });
  // A series that begins at 0 shows its first increase; one that begins at 1 does not, and the first batch of a new leader is the latest.
  for (const topic of new Set(topicOf.values())) eventsPublished.inc({ topic }, 0);
  for (const reason of refusalReasons) deadLettered.inc({ reason }, 0);
  modeTransitions.inc({ from: "cdc", to: "polling" }, 0);
  modeTransitions.inc({ from: "polling", to: "cdc" }, 0);
  let phase: RelayPhase = "starting";
  let reason: string | undefined;
  let inFlightSince: number | undefined;
  let tickSentAt: number | undefined;
  let heartbeatLagMs = 0;

  new Gauge({
    name: metricNames.heartbeatLag,
    help: "How long a tick takes through the WAL, the relay and the broker: the replication lag in time (CDC).",
    registers,
    collect() {
      const underWayMs = tickSentAt === undefined ? 0 : performance.now() - tickSentAt;
      this.set(Math.max(heartbeatLagMs, underWayMs) / 1000);
    },
  });

  return {
    phase(next, why) {
      phase = next;
      reason = why;
      if (next === "recovering" || next === "paused" || next === "stopped") tickSentAt = undefined;
      relayPaused.set(next === "paused" ? 1 : 0);
      for (const mode of MODES) relayMode.set({ mode }, (modeOfPhase[next] ?? "down") === mode ? 1 : 0);
    },
    leader(isLeader) {
      relayLeader.set(isLeader ? 1 : 0);
      // What a leader that is none any more was sending is another's to send.
      inFlightSince = undefined;
      inFlightEvents.set(0);
    },
    publishStarted(events) {
      inFlightSince ??= performance.now();
      inFlightEvents.set(events.length);
    },
    publishFailed() {
      publishFailures.inc();
    },
    published(events, oldestCommittedAt) {
      inFlightSince = undefined;
      inFlightEvents.set(0);
      const now = Date.now();
      lastAck.set(now / 1000);
      const latency = Math.max(0, now - oldestCommittedAt) / 1000;
      publishLatency.observe(phase === "polling" ? "polling" : "cdc", latency, events[0]);
      for (const [type, count] of countByType(events)) {
        eventsPublished.inc({ topic: topicOf.get(type) ?? "unknown" }, count);
      }
    },
    tickSent() {
      tickSentAt = performance.now();
    },
    heartbeat(lagMs) {
      tickSentAt = undefined;
      heartbeatLagMs = lagMs;
    },
    queued(events, bytes) {
      queuedEvents.set(events);
      queuedBytes.set(bytes);
    },
    modeChanged(from, to) {
      modeTransitions.inc({ from, to });
    },
    deadLettered(reason) {
      deadLettered.inc({ reason });
    },
    parkedKeys(count) {
      parkedKeys.set(count);
    },
    remark: () => (phase === "paused" ? reason : undefined),
    notReady() {
      if (phase === "starting" || phase === "recovering" || phase === "stopped") {
        return reason === undefined ? phase : `${phase}: ${reason}`;
      }
      const stalledMs = inFlightSince === undefined ? 0 : performance.now() - inFlightSince;
      if (stalledMs > STALLED_MS) return `the broker has not acked for ${Math.round(stalledMs / 1000)} s`;
      return undefined;
    },
  };
}

function countByType(events: Parameters<RelayObserver["published"]>[0]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { aggregateType } of events) counts.set(aggregateType, (counts.get(aggregateType) ?? 0) + 1);
  return counts;
}
