import type { Fact, FactName, Health, Verdict } from "./fact.ts";
import {
  heartbeatFact,
  inFlightFact,
  latencyFact,
  oldestUnpublishedFact,
  throughputFact,
} from "./flow-facts.ts";
import { leaderFact, modeFact, standbysFact } from "./leadership-facts.ts";
import type { Seen } from "./seen.ts";
import { slotFact } from "./slot-fact.ts";
import { clockFact, deadLettersFact, figuresFact } from "./standing-facts.ts";
import { count, duration } from "./wording.ts";

const judges: readonly ((seen: Seen) => Fact)[] = [
  modeFact,
  leaderFact,
  standbysFact,
  heartbeatFact,
  oldestUnpublishedFact,
  throughputFact,
  latencyFact,
  slotFact,
  inFlightFact,
  deadLettersFact,
  figuresFact,
  clockFact,
];

const gravity: Readonly<Record<Verdict, number>> = { fine: 0, note: 1, degraded: 2, stopped: 3 };

/** What comes earlier explains what comes later. */
const causesFirst: readonly FactName[] = [
  "figures",
  "leader",
  "mode",
  "inFlight",
  "slot",
  "oldestUnpublished",
  "heartbeatLag",
  "latency",
  "deadLetters",
  "clock",
];

export function healthOf(seen: Seen): Health {
  const facts = judges.map((judge) => judge(seen));
  const wrong = facts
    .filter(({ advice }) => advice !== undefined)
    .sort(
      (a, b) =>
        gravity[b.verdict] - gravity[a.verdict] || causesFirst.indexOf(a.name) - causesFirst.indexOf(b.name),
    );
  const worst = wrong[0]?.verdict;
  const advice = wrong.flatMap((fact) => (fact.advice ? [fact.advice] : []));
  return {
    status: worst === "stopped" || worst === "degraded" ? worst : "fine",
    summary: advice[0]?.what ?? whatIsFine(seen),
    advice,
    facts,
  };
}

function whatIsFine({ process, figures }: Seen): string {
  if (process && !process.isLeader) {
    const leader = figures?.replicas.find(({ isLeader }) => isLeader)?.name;
    return leader === undefined
      ? "This relay is starting."
      : `Events flow: ${leader} leads, this relay stands by.`;
  }
  if (process?.phase === "starting") return "This relay is starting.";
  if (process && process.eventsPerSecond > 0 && process.latency)
    return `Events flow: ${count(process.eventsPerSecond)} a second, 99 % of them on Kafka within ${duration(process.latency.p99Ms)} of their commit.`;
  if (figures === undefined || figures.unpublishedEvents > 0) return "Events flow.";
  return "All is published: nothing waits.";
}
