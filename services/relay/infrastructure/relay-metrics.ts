import { Counter, Gauge, type Registry } from "prom-client";
import { modeFaults } from "../application/mode-cause.ts";
import { refusalReasons } from "../application/publisher.ts";
import type { RelayObserver, RelayPhase } from "../application/relay-observer.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { brokerErrorReason, brokerErrorReasons } from "./kafka/broker-error-reason.ts";
import { metricNames } from "./metrics.ts";
import { createPublishLatency } from "./publish-latency.ts";

const MODES = ["cdc", "polling", "down"] as const;
const modeOfPhase: Readonly<Partial<Record<RelayPhase, (typeof MODES)[number]>>> = {
  streaming: "cdc",
  draining: "cdc",
  polling: "polling",
};

/** Nothing comes through a stream then, and nothing is expected to. */
const withoutStream: ReadonlySet<RelayPhase> = new Set(["standby", "polling", "paused", "stopped"]);

/** A batch that the broker has not acked for this long means that nothing flows. */
const STALLED_MS = 5_000;

/** From commit to ack: deploy/prometheus/rules/slo.yml. */
const OBJECTIVE_SECONDS = 1;

export interface RelayMetrics extends RelayObserver {
  /**
   * Why nothing can flow now, or undefined. A standby is ready. So is a paused relay: it does what it was told, and pods that are not
   * ready would hold up every deployment for as long as the pause lasts.
   */
  notReady(): string | undefined;
  /** What there is to know of a relay that is ready. */
  remark(): string | undefined;
  /** A try to reach the brokers failed, or one to have them take records; the Kafka clients try again by themselves. */
  brokerFailed(error: unknown): void;
}

export function createRelayMetrics(registry: Registry, topicOf: ReadonlyMap<string, string>): RelayMetrics {
  const registers = [registry];
  const eventsPublished = new Counter({
    name: metricNames.eventsPublished,
    help: "Events that the broker has acked.",
    labelNames: ["topic"],
    registers,
  });
  const publishedLate = new Counter({
    name: metricNames.eventsPublishedLate,
    help: "Events that the broker has acked more than 1 s after the commit of the oldest in their batch: past the objective.",
    registers,
  });
  const publishLatency = createPublishLatency(registry);
  const brokerErrors = new Counter({
    name: metricNames.brokerErrors,
    help: "Tries to reach the brokers, or to have them take records, that failed; each is tried again.",
    labelNames: ["reason"],
    registers,
  });
  const relayMode = new Gauge({
    name: metricNames.relayMode,
    help: "1 for how the outbox is read now; down while nothing is read, as on a standby.",
    labelNames: ["mode"],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const relayLeader = gauge(metricNames.relayLeader, "1 while this process holds the lease.");
  const relayPaused = gauge(
    metricNames.relayPaused,
    "1 while this process leads and publishes nothing because somebody has paused the relay.",
  );
  const queuedEvents = gauge(metricNames.queuedEvents, "Events read from the WAL that wait to be published.");
  const queuedBytes = gauge(
    metricNames.queuedBytes,
    "Memory that the waiting events take up; reading pauses at RELAY_QUEUE_BYTES.",
  );
  const lastAck = gauge(
    metricNames.lastAck,
    "When the broker last acked a batch; absent before the first, as on a standby.",
  );
  lastAck.remove();
  const parkedKeys = gauge(metricNames.parkedKeys, "Keys of which events wait behind a dead letter.");
  const modeTransitions = new Counter({
    name: metricNames.modeTransitions,
    help: "Changes between reading the WAL and polling.",
    labelNames: ["from", "to", "reason"],
    registers,
  });
  const deadLettered = new Counter({
    name: metricNames.deadLettered,
    help: "Events that can never be published, by reason.",
    labelNames: ["reason"],
    registers,
  });
  // A series that begins at 0 shows its first increase; one that begins at 1 does not, and the first batch of a new leader is the latest.
  for (const topic of new Set(topicOf.values())) eventsPublished.inc({ topic }, 0);
  for (const reason of refusalReasons) deadLettered.inc({ reason }, 0);
  for (const reason of brokerErrorReasons) brokerErrors.inc({ reason }, 0);
  modeTransitions.inc({ from: "polling", to: "cdc", reason: "recovered" }, 0);
  for (const reason of modeFaults) modeTransitions.inc({ from: "cdc", to: "polling", reason }, 0);
  let phase: RelayPhase = "starting";
  let reason: string | undefined;
  let inFlight: readonly OutboxEvent[] = [];
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

  new Gauge({
    name: metricNames.inFlightEvents,
    help: "Events sent to the broker that it has not acked yet.",
    registers,
    collect() {
      this.set(inFlight.length);
    },
  });
  new Gauge({
    name: metricNames.inFlightBytes,
    help: "Memory that the events take up that the broker has not acked yet.",
    registers,
    collect() {
      this.set(inFlight.reduce((sum, { bytes }) => sum + bytes, 0));
    },
  });

  function setMode(current: (typeof MODES)[number]): void {
    for (const mode of MODES) relayMode.set({ mode }, mode === current ? 1 : 0);
  }
  setMode("down");

  function nothingInFlight(): void {
    inFlight = [];
    inFlightSince = undefined;
  }

  function noTick(): void {
    tickSentAt = undefined;
    heartbeatLagMs = 0;
  }

  return {
    phase(next, why) {
      phase = next;
      reason = why;
      // A stream that is down lags; what is not to be streamed does not.
      if (next === "recovering") tickSentAt ??= performance.now();
      if (withoutStream.has(next)) noTick();
      relayPaused.set(next === "paused" ? 1 : 0);
      setMode(modeOfPhase[next] ?? "down");
    },
    leader(isLeader) {
      relayLeader.set(isLeader ? 1 : 0);
      // What a leader that is none any more was sending is another's to send.
      nothingInFlight();
      noTick();
    },
    publishStarted(events) {
      inFlight = events;
      inFlightSince ??= performance.now();
    },
    // Each failed try was told of already, those before the last one as well.
    publishFailed() {},
    brokerFailed: (error) => brokerErrors.inc({ reason: brokerErrorReason(error) }),
    published(events, oldestCommittedAt) {
      nothingInFlight();
      const now = Date.now();
      lastAck.set(now / 1000);
      const latency = Math.max(0, now - oldestCommittedAt) / 1000;
      publishLatency.observe(phase === "polling" ? "polling" : "cdc", latency, events[0]);
      if (latency > OBJECTIVE_SECONDS) publishedLate.inc(events.length);
      for (const [type, count] of countByType(events)) {
        eventsPublished.inc({ topic: topicOf.get(type) ?? "unknown" }, count);
      }
    },
    tickSent() {
      // The one before it, if it has not come back, was lost with its stream: the lag goes on from there.
      tickSentAt ??= performance.now();
    },
    heartbeat(lagMs) {
      tickSentAt = undefined;
      heartbeatLagMs = lagMs;
    },
    queued(events, bytes) {
      queuedEvents.set(events);
      queuedBytes.set(bytes);
    },
    modeChanged(from, to, reason) {
      modeTransitions.inc({ from, to, reason });
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
