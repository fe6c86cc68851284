import type { Fact } from "./fact.ts";
import type { Seen } from "./seen.ts";
import { clause } from "./wording.ts";

/** Who leads, who stands by, and how the outbox is read. */

/** As application/read-as-controlled.ts gives it. */
const WANTED = /^(RELAY_MODE is|the mode was set to) /;

export function modeFact({ process, figures, modeReason, pause }: Seen): Fact {
  const fact = { name: "mode", title: "Mode" } as const;
  if (pause !== undefined) {
    return {
      ...fact,
      value: "paused",
      verdict: "stopped",
      words: clause(pause),
      advice: {
        what: `Nothing is published: the relay is ${clause(pause)}.`,
        todo: "Nothing is lost, but WAL piles up meanwhile. When the reason is over, have it go on.",
        command: "npx outbox resume",
        runbook: "OutboxPaused",
      },
    };
  }
  const phase = process?.isLeader ? process.phase : undefined;
  if (process && (phase === "recovering" || process.phase === "recovering")) {
    const reason = clause(process.phaseReason ?? "the reason is in its log");
    return {
      ...fact,
      value: "down",
      verdict: "stopped",
      words: `down: ${reason}`,
      advice: {
        what: `This relay publishes nothing: ${reason}.`,
        todo: "It tries again by itself and loses nothing. If the reason does not pass, remove it: the doctor names the repair.",
        command: "npx outbox doctor",
        runbook: "OutboxNotReading",
      },
    };
  }
  if (phase === "starting")
    return { ...fact, value: "starting", verdict: "note", words: "looks up what is on Kafka already" };
  if (phase === "draining")
    return { ...fact, value: "cdc: draining", verdict: "fine", words: "fine: the table first, then the WAL" };
  const mode = phase === "streaming" ? "cdc" : phase === "polling" ? "polling" : figures?.mode;
  if (mode === undefined)
    return { ...fact, value: "not known", verdict: "note", words: "no relay has read it yet" };
  if (mode === "cdc")
    return { ...fact, value: "cdc", verdict: "fine", words: "fine: events come from the WAL" };
  if (modeReason === undefined)
    return { ...fact, value: "polling", verdict: "note", words: "why is being looked up" };
  const reason = clause(modeReason);
  if (WANTED.test(reason)) return { ...fact, value: "polling", verdict: "fine", words: `fine: ${reason}` };
  return {
    ...fact,
    value: "polling",
    verdict: "degraded",
    words: `slower: ${reason}`,
    advice: {
      what: `Events come from the table, for the WAL cannot be read: ${reason}.`,
      todo: "Nothing is lost. Remove the reason, and the relay goes back to the WAL by itself.",
      command: "npx outbox doctor",
      runbook: "OutboxPollingFallback",
    },
  };
}

export function leaderFact({ process, figures, figuresProblem }: Seen): Fact {
  const fact = { name: "leader", title: "Leader" } as const;
  if (process?.isLeader)
    return { ...fact, value: process.name, verdict: "fine", words: "fine: it is this process" };
  if (figures === undefined || figuresProblem !== undefined)
    return { ...fact, value: "not known", verdict: "note", words: "Postgres cannot be asked" };
  const leader = figures.replicas.find(({ isLeader }) => isLeader);
  if (leader) return { ...fact, value: leader.name, verdict: "fine", words: "fine: another process" };
  return {
    ...fact,
    value: "none",
    verdict: "stopped",
    words: "nothing is published",
    advice: {
      what: "No relay leads, so nothing is published.",
      todo: "A standby takes over within seconds. If none does, start a relay, or see in its log what keeps it from leading.",
      command: "npx outbox status",
      runbook: "OutboxNoLeader",
    },
  };
}

export function standbysFact({ figures, figuresProblem }: Seen): Fact {
  const fact = { name: "standbys", title: "Standbys" } as const;
  if (figures === undefined || figuresProblem !== undefined)
    return { ...fact, value: "not known", verdict: "note", words: "Postgres cannot be asked" };
  const names = figures.replicas.filter(({ isLeader }) => !isLeader).map(({ name }) => name);
  if (names.length === 0)
    return { ...fact, value: "none", verdict: "note", words: "nobody takes over if the leader dies" };
  return { ...fact, value: `${names.length}`, verdict: "fine", words: `fine: ${names.join(", ")}` };
}
