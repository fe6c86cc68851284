import { bytes } from "../sizes.ts";
import type { Fact } from "./fact.ts";
import type { ProcessSeen, Seen } from "./seen.ts";
import { thresholds } from "./thresholds.ts";
import { clause, count, duration, events } from "./wording.ts";

/** Whether events flow, and how late they are. */

/** Only the leader knows of its own work. */
function leading({ process }: Seen): ProcessSeen | undefined {
  return process?.isLeader ? process : undefined;
}

const LEADERS = { value: "not known here", verdict: "note", words: "only the leader knows" } as const;

export function oldestUnpublishedFact(seen: Seen): Fact {
  const fact = { name: "oldestUnpublished", title: "Oldest unpublished event" } as const;
  const { figures } = seen;
  if (figures === undefined)
    return { ...fact, value: "not known", verdict: "note", words: "Postgres cannot be asked" };
  const { unpublishedEvents, unpublishedIsAtLeast } = figures;
  const ageMs = oldestUnpublishedMs(seen) ?? 0;
  if (unpublishedEvents === 0 && ageMs === 0)
    return { ...fact, value: "none", verdict: "fine", words: "fine: all is published" };
  const many = `${unpublishedIsAtLeast ? "at least " : ""}${events(unpublishedEvents)}`;
  const value = duration(ageMs);
  if (ageMs <= thresholds.behindMs)
    return { ...fact, value, verdict: "fine", words: `fine: ${many} since the checkpoint was saved` };
  const waiting = `${many} wait${unpublishedEvents === 1 ? "s" : ""}`;
  const limit = ageMs > thresholds.oldestUnpublishedMs ? thresholds.oldestUnpublishedMs : thresholds.behindMs;
  return {
    ...fact,
    value,
    verdict: "degraded",
    words: `late: more than ${duration(limit)}; ${waiting}`,
    advice: {
      what: `Events are late: the oldest has waited for ${duration(ageMs)}, and ${waiting}.`,
      todo: "If that falls, a backlog is being caught up with: leave it alone. If it rises, nothing flows: look at what else is said here, and at the leader's log.",
      command: "npx outbox status",
      runbook: "OutboxOldestUnpublishedTooOld",
    },
  };
}

/** Goes on rising while SQL tells nothing newer: what waits grows older, and no good figure may freeze. */
export function oldestUnpublishedMs({ figures, figuresProblem, now }: Seen): number | undefined {
  if (figures === undefined) return undefined;
  const { oldestUnpublishedAgeMs, readAt } = figures;
  return oldestUnpublishedAgeMs + (figuresProblem === undefined ? 0 : Math.max(0, now - readAt));
}

export function heartbeatFact(seen: Seen): Fact {
  const fact = { name: "heartbeatLag", title: "Heartbeat lag" } as const;
  const leader = leading(seen);
  if (!leader) return { ...fact, ...LEADERS };
  if (leader.phase !== "streaming")
    return {
      ...fact,
      value: "none",
      verdict: "note",
      words: "it goes through the WAL, which is not read now",
    };
  const value = duration(leader.heartbeatLagMs);
  if (leader.heartbeatLagMs <= thresholds.heartbeatMs)
    return { ...fact, value, verdict: "fine", words: "fine: through the WAL, the relay and the broker" };
  return {
    ...fact,
    value,
    verdict: "degraded",
    words: `late: more than ${duration(thresholds.heartbeatMs)}`,
    advice: {
      what: `The heartbeat has been on its way through the WAL, the relay and the broker for ${value}.`,
      todo: "Postgres is busy with a large transaction, the broker is slow, or a backlog is being caught up with: see what else is said here.",
      command: "npx outbox doctor",
      runbook: "OutboxHeartbeatLate",
    },
  };
}

export function throughputFact(seen: Seen): Fact {
  const fact = { name: "throughput", title: "Throughput" } as const;
  const leader = leading(seen);
  if (!leader) return { ...fact, ...LEADERS };
  const perSecond = leader.eventsPerSecond;
  const value = `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)} events/s`;
  return { ...fact, value, verdict: "fine", words: "acked by the broker, over 10 s" };
}

export function latencyFact(seen: Seen): Fact {
  const fact = { name: "latency", title: "Commit → ack" } as const;
  const leader = leading(seen);
  if (!leader) return { ...fact, ...LEADERS };
  if (!leader.latency)
    return { ...fact, value: "none", verdict: "fine", words: "nothing was published in the last minute" };
  const { p50Ms, p99Ms } = leader.latency;
  const value = `p50 ${duration(p50Ms)}, p99 ${duration(p99Ms)}`;
  if (p99Ms <= thresholds.publishMs)
    return { ...fact, value, verdict: "fine", words: "fine: over the last minute" };
  return {
    ...fact,
    value,
    verdict: "degraded",
    words: `late: p99 is more than ${duration(thresholds.publishMs)}`,
    advice: {
      what: `Of the last minute's events 1 % took more than ${duration(p99Ms)} from their commit to Kafka.`,
      todo: "After a stop that is the backlog, and it passes within a minute. Else look at the load and at the broker's latency.",
      command: "npx outbox status",
      runbook: "OutboxPublishLatencyBudgetBurn",
    },
  };
}

export function inFlightFact(seen: Seen): Fact {
  const fact = { name: "inFlight", title: "In flight" } as const;
  const leader = leading(seen);
  if (!leader) return { ...fact, ...LEADERS };
  const { inFlightEvents, queuedEvents, queuedBytes, unackedMs } = leader;
  const queued = queuedEvents === 0 ? "none" : `${count(queuedEvents)} (${bytes(queuedBytes)})`;
  const value = `${count(inFlightEvents)} sent, ${queued} queued`;
  if (unackedMs <= thresholds.unackedMs) return { ...fact, value, verdict: "fine", words: "fine" };
  const error = leader.brokerError === undefined ? "" : ` (${clause(leader.brokerError)})`;
  return {
    ...fact,
    value,
    verdict: "stopped",
    words: `the broker has not acked for ${duration(unackedMs)}`,
    advice: {
      what: `Nothing is published: Kafka has not acked for ${duration(unackedMs)}${error}.`,
      todo: "Bring the brokers back, or make them reachable from here. The relay tries again by itself; nothing is lost, and what waits stays in Postgres.",
      command: "npx outbox doctor",
      runbook: "OutboxBrokerErrors",
    },
  };
}
