import type { ProcessSeen } from "../health/seen.ts";
import type { RelayObserver, RelayPhase } from "../relay-observer.ts";
import { createLatencyWindow, type Percentiles } from "./latency-window.ts";

/** Measures this process' own work, in batches and seconds: nothing is done per event. */
export interface FlowMeter extends RelayObserver {
  /** To be called every second. */
  endSecond(): FlowSecond;
  seen(): ProcessSeen;
}

export interface FlowSecond {
  readonly events: number;
  /** Commit → ack; a batch counts with its oldest event's. Undefined when nothing was acked. */
  readonly latency: Percentiles | undefined;
}

const LATENCY_SECONDS = 60;
const RATE_SECONDS = 10;

export interface FlowMeterOptions {
  /** This process, as the lease names it. */
  readonly name: string;
  /** Ms since 1970, of the clock by which commits are told. */
  readonly now: () => number;
  /** Ms of a clock that nobody sets. */
  readonly elapsed: () => number;
}

export function createFlowMeter({ name, now, elapsed }: FlowMeterOptions): FlowMeter {
  const latencies = createLatencyWindow(LATENCY_SECONDS);
  const perSecond: number[] = [];
  let eventsNow = 0;
  let isLeader = false;
  let phase: RelayPhase = "starting";
  let phaseReason: string | undefined;
  let heartbeatLagMs = 0;
  let tickSentAt: number | undefined;
  let inFlightEvents = 0;
  let inFlightSince: number | undefined;
  let brokerError: string | undefined;
  let queuedEvents = 0;
  let queuedBytes = 0;

  const since = (at: number | undefined) => (at === undefined ? 0 : elapsed() - at);
  function nothingInFlight(): void {
    inFlightEvents = 0;
    inFlightSince = undefined;
    brokerError = undefined;
  }

  return {
    phase(next, reason) {
      phase = next;
      phaseReason = reason;
      if (next !== "streaming") tickSentAt = undefined;
    },
    leader(leads) {
      isLeader = leads;
      // What a leader that is none any more was sending is another's to send.
      nothingInFlight();
    },
    publishStarted(events) {
      inFlightEvents = events.length;
      inFlightSince ??= elapsed();
    },
    publishFailed(error) {
      brokerError = error instanceof Error ? error.message : String(error);
    },
    published(events, oldestCommittedAt) {
      nothingInFlight();
      eventsNow += events.length;
      latencies.add(Math.max(0, now() - oldestCommittedAt), events.length);
    },
    tickSent() {
      tickSentAt = elapsed();
    },
    heartbeat(lagMs) {
      tickSentAt = undefined;
      heartbeatLagMs = lagMs;
    },
    queued(events, bytes) {
      queuedEvents = events;
      queuedBytes = bytes;
    },
    modeChanged() {},
    deadLettered() {},
    parkedKeys() {},

    endSecond() {
      const events = eventsNow;
      eventsNow = 0;
      perSecond.push(events);
      if (perSecond.length > RATE_SECONDS) perSecond.shift();
      return { events, latency: latencies.endSecond() };
    },
    seen: () => ({
      name,
      isLeader,
      phase,
      phaseReason,
      heartbeatLagMs: Math.max(heartbeatLagMs, since(tickSentAt)),
      eventsPerSecond: perSecond.reduce((sum, events) => sum + events, 0) / Math.max(1, perSecond.length),
      latency: latencies.percentiles(),
      inFlightEvents,
      unackedMs: since(inFlightSince),
      brokerError,
      queuedEvents,
      queuedBytes,
    }),
  };
}
