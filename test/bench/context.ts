import type { OwnKafka, OwnPostgres } from "../support/own-servers.ts";

/** What every part of the bench is given. */
export interface BenchContext {
  readonly postgres: OwnPostgres;
  readonly kafka: OwnKafka;
  /** Of a backlog. */
  readonly events: number;
  /** Of the steady load; events per second. */
  readonly rate: number;
  /** How often each figure is measured: the median counts. */
  readonly rounds: number;
  /** Progress, a line each. */
  readonly log: (line: string) => void;
  /** Calls the bench off. */
  readonly signal: AbortSignal;
}
