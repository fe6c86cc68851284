import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { healthy, healthyFigures, healthyProcess, healthySlot, NOW } from "../../testing/seen.ts";
import type { OutboxState, SlotState } from "../outbox-figures.ts";
import type { FactName } from "./fact.ts";
import { healthOf } from "./health.ts";
import type { ProcessSeen, Seen } from "./seen.ts";

const withFigures = (changed: Partial<OutboxState>): Seen => ({
  ...healthy,
  figures: { ...healthyFigures, ...changed },
});
const withSlot = (changed: Partial<SlotState>) => withFigures({ slot: { ...healthySlot, ...changed } });
const withProcess = (changed: Partial<ProcessSeen>): Seen => ({
  ...healthy,
  process: { ...healthyProcess, ...changed },
});
const fact = (seen: Seen, name: FactName) => {
  const found = healthOf(seen).facts.find((each) => each.name === name);
  return found && `${found.value}: ${found.words}`;
};

test("a relay that is well is fine, with every figure, and says how fast events reach Kafka", () => {
  const { status, summary, advice, facts } = healthOf(healthy);
  expect(status).toBe("fine");
  expect(summary).toBe("Events flow: 120 a second, 99 % of them on Kafka within 9 ms of their commit.");
  expect(advice).toEqual([]);
  expect(facts.filter(({ verdict }) => verdict !== "fine")).toEqual([]);
});

test("an idle relay is fine", () => {
  const { status, summary } = healthOf(withProcess({ eventsPerSecond: 0, latency: undefined }));
  expect([status, summary]).toEqual(["fine", "All is published: nothing waits."]);
});

test("a standby tells what SQL knows, and whose work it cannot know", () => {
  const seen = withProcess({ name: "relay-b 7", isLeader: false, phase: "standby" });
  expect(healthOf(seen)).toMatchObject({
    status: "fine",
    summary: "Events flow: relay-a 12 leads, this relay stands by.",
  });
  expect(fact(seen, "throughput")).toBe("not known here: only the leader knows");
  expect(fact(seen, "slot")).toBe("9.5 MB retained: fine: reserved, 944 MB to go");
});

test("without a process, as at the command line, SQL alone tells", () => {
  const { status, summary } = healthOf({ ...healthy, process: undefined });
  expect([status, summary]).toEqual(["fine", "All is published: nothing waits."]);
});

describe.each<[string, Seen, "degraded" | "stopped", string, string]>([
  [
    "the broker that does not ack",
    withProcess({ unackedMs: 12_000, brokerError: "connect ECONNREFUSED 10.0.0.7:9092" }),
    "stopped",
    "Nothing is published: Kafka has not acked for 12 s (connect ECONNREFUSED 10.0.0.7:9092).",
    "OutboxBrokerErrors",
  ],
  [
    "a relay that is interrupted",
    withProcess({ phase: "recovering", phaseReason: "permission denied for table outbox" }),
    "stopped",
    "This relay publishes nothing: permission denied for table outbox.",
    "OutboxNotReading",
  ],
  [
    "a pause",
    {
      ...withProcess({ phase: "paused", phaseReason: "paused by ann@ops: the broker is moved" }),
      pause: "paused by ann@ops: the broker is moved",
    },
    "stopped",
    "Nothing is published: the relay is paused by ann@ops: the broker is moved.",
    "OutboxPaused",
  ],
  [
    "no leader",
    {
      ...withFigures({ replicas: [{ name: "relay-b 7", isLeader: false }] }),
      process: { ...healthyProcess, isLeader: false, phase: "standby" },
    },
    "stopped",
    "No relay leads, so nothing is published.",
    "OutboxNoLeader",
  ],
  [
    "polling that nobody has asked for",
    { ...withProcess({ phase: "polling" }), modeReason: "permission denied to use replication slots" },
    "degraded",
    "Events come from the table, for the WAL cannot be read: permission denied to use replication slots.",
    "OutboxPollingFallback",
  ],
  [
    "a backlog",
    withFigures({ oldestUnpublishedAgeMs: 95_000, unpublishedEvents: 100_000, unpublishedIsAtLeast: true }),
    "degraded",
    "Events are late: the oldest has waited for 95 s, and at least 100,000 events wait.",
    "OutboxOldestUnpublishedTooOld",
  ],
  [
    "latencies past the objective",
    withProcess({ latency: { p50Ms: 40, p99Ms: 1_500 } }),
    "degraded",
    "Of the last minute's events 1 % took more than 1.5 s from their commit to Kafka.",
    "OutboxPublishLatencyBudgetBurn",
  ],
  [
    "a heartbeat that is late",
    withProcess({ heartbeatLagMs: 7_000 }),
    "degraded",
    "The heartbeat has been on its way through the WAL, the relay and the broker for 7 s.",
    "OutboxHeartbeatLate",
  ],
  [
    "a slot that was given up",
    withSlot({ walStatus: "lost", active: false, invalidationReason: "wal_removed" }),
    "degraded",
    "Postgres has given the slot up: wal_removed.",
    "OutboxSlotWalUnsafe",
  ],
  [
    "a slot past its limit",
    withSlot({ walStatus: "unreserved", safeWalBytes: -5 }),
    "degraded",
    "The slot's WAL is past its limit, and the next checkpoint may remove it.",
    "OutboxSlotWalUnsafe",
  ],
  [
    "a budget of WAL that is nearly used up",
    withSlot({ retainedWalBytes: 900_000_000, safeWalBytes: 100_000_000 }),
    "degraded",
    "Only 95 MB of WAL are left before Postgres gives the slot up.",
    "OutboxSafeWalRunningOut",
  ],
  [
    "WAL without a limit that piles up",
    withSlot({ retainedWalBytes: 12_000_000_000, safeWalBytes: undefined }),
    "degraded",
    "The slot holds back 11 GB of WAL, and no limit keeps it from filling the disk.",
    "OutboxRetainedWalHigh",
  ],
  [
    "a slot that nobody reads",
    withSlot({ active: false, inactiveMs: 780_000 }),
    "degraded",
    "Nobody has read the slot for 13 min 0 s, and it holds back WAL.",
    "OutboxSlotInactive",
  ],
  [
    "a slot that was dropped",
    withFigures({ slot: undefined }),
    "degraded",
    "There is no replication slot, though the relay is to read the WAL.",
    "OutboxSlotInactive",
  ],
  [
    "a dead letter",
    withFigures({ deadLetters: 1, parkedEvents: 4 }),
    "degraded",
    "Kafka has refused 1 event; 4 events of the same keys wait behind.",
    "OutboxDeadLetters",
  ],
  [
    "a database that does not answer",
    { ...withFigures({ readAt: NOW - 20_000 }), figuresProblem: "connect ECONNREFUSED 10.0.0.9:5432" },
    "degraded",
    "Postgres has told nothing for 20 s: connect ECONNREFUSED 10.0.0.9:5432.",
    "OutboxFiguresStale",
  ],
  [
    "clocks that are apart",
    withFigures({ clockSkewMs: -4_000 }),
    "degraded",
    "Postgres' clock is −4 s from this one, so that latencies are wrong by as much.",
    "OutboxClockSkew",
  ],
])("%s", (_, seen, status, what, runbook) => {
  test("is told, with what helps", () => {
    const health = healthOf(seen);
    expect([health.status, health.summary]).toEqual([status, what]);
    expect(health.advice[0]?.runbook).toBe(runbook);
    expect(health.advice[0]?.todo).toMatch(/\.$/);
    expect(existsSync(new URL(`../../../../docs/runbooks/${runbook}.md`, import.meta.url))).toBe(true);
  });
});

test("what stops the flow is told before what is merely late, and a cause before its effect", () => {
  const seen = {
    ...withFigures({ oldestUnpublishedAgeMs: 20_000, unpublishedEvents: 7, deadLetters: 2 }),
    process: { ...healthyProcess, unackedMs: 20_000, heartbeatLagMs: 20_000 },
  };
  expect(healthOf(seen).advice.map(({ what }) => what.split(/[:,;]| for /)[0])).toEqual([
    "Nothing is published",
    "Events are late",
    "The heartbeat has been on its way through the WAL",
    "Kafka has refused 2 events",
  ]);
});

test("while Postgres does not answer, what waits goes on growing older", () => {
  const waiting = withFigures({ oldestUnpublishedAgeMs: 500, unpublishedEvents: 1, readAt: NOW - 7_000 });
  expect(fact(waiting, "oldestUnpublished")).toBe("500 ms: fine: 1 event since the checkpoint was saved");
  const unanswered = { ...waiting, figuresProblem: "timeout" };
  expect(fact(unanswered, "oldestUnpublished")).toBe("7.5 s: late: more than 5 s; 1 event waits");
});

test("while events flow, what the checkpoint has not caught up with is fine", () => {
  expect(healthOf(withFigures({ oldestUnpublishedAgeMs: 1_900, unpublishedEvents: 230 })).status).toBe(
    "fine",
  );
});

test("that a mode was asked for, that nobody stands by, and that WAL has no limit, are notes: they change no status", () => {
  const seen = {
    ...withFigures({
      replicas: [{ name: "relay-a 12", isLeader: true }],
      slot: { ...healthySlot, safeWalBytes: undefined },
    }),
    process: { ...healthyProcess, phase: "polling" } as const,
    modeReason: "the mode was set to polling by ann@ops",
  };
  expect(healthOf(seen).status).toBe("fine");
  expect(fact(seen, "mode")).toBe("polling: fine: the mode was set to polling by ann@ops");
  expect(fact(seen, "standbys")).toBe("none: nobody takes over if the leader dies");
});
