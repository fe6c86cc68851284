import type { Health } from "../health/fact.ts";
import type { HistoryLine } from "../operations/history-desk.ts";

/** What the page says in words, at one moment. */
export interface LiveState {
  readonly relay: string;
  /** The process that tells. */
  readonly process: string;
  readonly isLeader: boolean;
  /** Ms since 1970. */
  readonly at: number;
  readonly health: Health;
  /** The newest first; undefined while it could not be read yet. */
  readonly history: readonly HistoryLine[] | undefined;
}
