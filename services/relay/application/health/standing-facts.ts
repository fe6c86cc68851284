import type { Fact } from "./fact.ts";
import type { Seen } from "./seen.ts";
import { thresholds } from "./thresholds.ts";
import { clause, count, duration, events } from "./wording.ts";

/** What stays until somebody does something about it. */

export function deadLettersFact({ figures }: Seen): Fact {
  const fact = { name: "deadLetters", title: "Dead letters" } as const;
  if (figures === undefined)
    return { ...fact, value: "not known", verdict: "note", words: "Postgres cannot be asked" };
  const { deadLetters, parkedEvents } = figures;
  if (deadLetters === 0 && parkedEvents === 0)
    return { ...fact, value: "none", verdict: "fine", words: "fine: nothing was refused" };
  const behind = `${events(parkedEvents)} of the same keys wait${parkedEvents === 1 ? "s" : ""} behind`;
  return {
    ...fact,
    value: `${count(deadLetters)}, and ${count(parkedEvents)} parked`,
    verdict: "degraded",
    words: `${events(deadLetters)} refused; ${behind}`,
    advice: {
      what: `Kafka has refused ${events(deadLetters)}; ${behind}.`,
      todo: "All other keys flow. See the reason, remove it, then retry or discard them.",
      command: "npx outbox dead-letters list",
      runbook: "OutboxDeadLetters",
    },
  };
}

export function figuresFact({ figures, figuresProblem, now }: Seen): Fact {
  const fact = { name: "figures", title: "Postgres" } as const;
  const ageMs = figures === undefined ? undefined : Math.max(0, now - figures.readAt);
  if (figuresProblem === undefined && (ageMs === undefined || ageMs <= thresholds.figuresAgeMs)) {
    if (ageMs === undefined)
      return { ...fact, value: "not asked yet", verdict: "note", words: "figures come in a moment" };
    return { ...fact, value: "answers", verdict: "fine", words: `fine: figures of ${duration(ageMs)} ago` };
  }
  const reason = clause(figuresProblem ?? "it does not answer");
  const since = ageMs === undefined ? "" : ` for ${duration(ageMs)}`;
  return {
    ...fact,
    value: "does not answer",
    verdict: "degraded",
    words: `no figures${since}: ${reason}`,
    advice: {
      what: `Postgres has told nothing${since}: ${reason}.`,
      todo: "Bring Postgres back, or make it reachable from here. Figures that come from it are of before.",
      command: "npx outbox doctor",
      runbook: "OutboxFiguresStale",
    },
  };
}

export function clockFact({ figures }: Seen): Fact {
  const fact = { name: "clock", title: "Clocks" } as const;
  if (figures === undefined)
    return { ...fact, value: "not known", verdict: "note", words: "Postgres cannot be asked" };
  const { clockSkewMs } = figures;
  const value = `${clockSkewMs < 0 ? "−" : "+"}${duration(Math.abs(clockSkewMs))}`;
  if (Math.abs(clockSkewMs) <= thresholds.clockSkewMs)
    return { ...fact, value, verdict: "fine", words: "fine: Postgres' clock beside this one" };
  return {
    ...fact,
    value,
    verdict: "degraded",
    words: `off: more than ${duration(thresholds.clockSkewMs)}`,
    advice: {
      what: `Postgres' clock is ${value} from this one, so that latencies are wrong by as much.`,
      todo: "Set the clocks of both machines by NTP. Events flow in any case.",
      command: "npx outbox doctor",
      runbook: "OutboxClockSkew",
    },
  };
}
