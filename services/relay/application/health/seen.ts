import type { OutboxState } from "../outbox-figures.ts";
import type { RelayPhase } from "../relay-observer.ts";

/** What is known of the relay at one moment, and by whom. */
export interface Seen {
  /** Ms since 1970. */
  readonly now: number;
  /** The newest that SQL has told; undefined before the first. */
  readonly figures: OutboxState | undefined;
  /** Why SQL tells nothing newer. */
  readonly figuresProblem: string | undefined;
  /** Why the mode is what it is: the reason of the last change. */
  readonly modeReason: string | undefined;
  /** "paused by …", when people have paused it. */
  readonly pause: string | undefined;
  /** The relay's process that asks; undefined for a person at the command line. */
  readonly process: ProcessSeen | undefined;
}

/** What only the process itself knows; all of it but its name and phase is about the work of a leader. */
export interface ProcessSeen {
  readonly name: string;
  readonly isLeader: boolean;
  readonly phase: RelayPhase;
  readonly phaseReason: string | undefined;
  readonly heartbeatLagMs: number;
  /** Events that the broker has acked, over the last seconds. */
  readonly eventsPerSecond: number;
  /** Commit → ack over the last minute; undefined when nothing was published in it. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined;
  readonly inFlightEvents: number;
  /** How long what is in flight has waited for the broker; 0 when nothing is. */
  readonly unackedMs: number;
  readonly brokerError: string | undefined;
  readonly queuedEvents: number;
  readonly queuedBytes: number;
}
