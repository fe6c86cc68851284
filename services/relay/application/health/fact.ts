/** The answer to "is it fine?", for the live page and for `outbox status`. */
export interface Health {
  readonly status: "fine" | "degraded" | "stopped";
  /** A sentence. */
  readonly summary: string;
  /** What is wrong and what helps: the gravest first, and of equals the cause before its effects. */
  readonly advice: readonly Advice[];
  readonly facts: readonly Fact[];
}

/** A note changes nothing: events flow in time. Degraded: they flow, but late, or something needs a hand. Stopped: they do not. */
export type Verdict = "fine" | "note" | "degraded" | "stopped";

export type FactName =
  | "mode"
  | "leader"
  | "standbys"
  | "heartbeatLag"
  | "oldestUnpublished"
  | "throughput"
  | "latency"
  | "slot"
  | "inFlight"
  | "deadLetters"
  | "figures"
  | "clock";

/** One thing that is known of the relay, and whether it is as it should be. */
export interface Fact {
  readonly name: FactName;
  readonly title: string;
  readonly value: string;
  readonly verdict: Verdict;
  /** The verdict and its reason: "fine", "late: more than 1 s". */
  readonly words: string;
  /** What to do about it. */
  readonly advice?: Advice;
}

export interface Advice {
  /** A sentence: what is wrong. */
  readonly what: string;
  /** A sentence: what helps. */
  readonly todo: string;
  /** To be typed where the relay's configuration is. */
  readonly command: string;
  /** Name of a file in docs/runbooks, without its ending; the alert's of the same name. */
  readonly runbook: string;
}
