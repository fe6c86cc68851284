import type { Audit } from "./audit.ts";

/** A letter as people see it: an event that was refused, or, without a reason, one that waits behind it or is being released. */
export interface LetterSummary {
  readonly position: string;
  readonly id: string;
  readonly aggregateType: string;
  readonly key: string;
  readonly aggregateVersion: string;
  readonly eventType: string;
  readonly reason: string | undefined;
  readonly detail: string | undefined;
  /** How often it was refused. */
  readonly attempts: number;
  readonly parkedAt: Date;
  readonly refusedAt: Date;
  /** How many events of its key wait behind it. */
  readonly behind: number;
  readonly request: LetterRequest | undefined;
}

export interface LetterContent extends LetterSummary {
  /** JSON, exactly as Postgres prints it. */
  readonly payload: string;
  readonly headers: string;
  readonly createdAt: Date;
  /** The refused event that it waits behind. */
  readonly waitsBehind: string | undefined;
}

export type LetterRequest = "retry" | "discard";

export type LetterSelection = { readonly id: string } | { readonly key: string } | "all";

/** What has become of a letter for which something was asked. */
export interface LetterProgress {
  readonly id: string;
  /** `refused`: again, for the reason given. */
  readonly state: "pending" | "gone" | "refused";
  readonly reason: string | undefined;
  readonly detail: string | undefined;
  /** Once it is gone: the event of its key that is refused now, if any. */
  readonly nextRefused: { readonly id: string; readonly reason: string } | undefined;
  /** How many events of its key are still there, without itself. */
  readonly waiting: number;
}

/** Port: the dead letters, for people. */
export interface DeadLetterDesk {
  /** The refused ones of all keys; with a key, whatever waits behind as well. In order. */
  list(options: { readonly key: string | undefined; readonly limit: number }): Promise<LetterList>;
  find(id: string): Promise<LetterContent | undefined>;
  /**
   * Leaves a request to the leader on those of the selection that are refused, and a line in the history; returns them. Among several,
   * those that are to be discarded are left out.
   */
  ask(request: LetterRequest, selection: LetterSelection, audit: Audit): Promise<LetterSummary[]>;
  progress(letters: readonly LetterSummary[]): Promise<LetterProgress[]>;
}

export interface LetterList {
  readonly letters: readonly LetterSummary[];
  /** Without the limit. */
  readonly total: number;
}
