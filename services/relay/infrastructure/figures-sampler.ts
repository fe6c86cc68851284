import { createBackoff } from "../../platform/backoff.ts";
import type { Logger } from "../../platform/logger.ts";
import type { OutboxFigures, OutboxState } from "../application/outbox-figures.ts";

/** Keeps the newest state of the outbox, on every replica, and whether or not a relay leads. */
export interface FiguresSampler {
  /** The newest one that could be read, however old; undefined before the first. */
  readonly state: OutboxState | undefined;
  /** Why the last read gave none; undefined when it gave one. */
  readonly problem: string | undefined;
  /**
   * As it was read; but when no state can be read it rises from the last one, or from the start, as if nothing had been published
   * since: an age that stands still at a good value would tell nobody that nothing is known.
   */
  readonly oldestUnpublishedAgeMs: number;
  /** Begins no other read. */
  stop(): void;
}

const INTERVAL_MS = 1_000;
/** Of a long backlog less often: reading takes the server one part of `TIME_SHARE` of its time, where that is soon enough. */
const TIME_SHARE = 20;
const MAX_INTERVAL_MS = 3_000;
const RETRY = { initialMs: 1_000, maxMs: 10_000 };
/** A state that is older than this is not known to hold any more; longer than it takes to read the next one. */
const FRESH_MS = 5_000;

export function startFiguresSampler(options: {
  readonly figures: OutboxFigures;
  readonly log: Logger;
}): FiguresSampler {
  const { figures, log } = options;
  const backoff = createBackoff(RETRY);
  let state: OutboxState | undefined;
  let problem: string | undefined;
  let knownAt = performance.now();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  /** Resolves with how long to wait for the next time. */
  async function read(): Promise<number> {
    const startedAt = performance.now();
    try {
      state = await figures.read();
      problem = undefined;
      knownAt = performance.now();
      backoff.reset();
      const waitMs = Math.min(Math.max(INTERVAL_MS, (knownAt - startedAt) * TIME_SHARE), MAX_INTERVAL_MS);
      // Not all replicas at the same moment.
      return waitMs * (0.9 + Math.random() * 0.2);
    } catch (err) {
      problem = messageOf(err);
      const waitMs = Math.round(backoff.next());
      if (!stopped) log.warn({ err, waitMs }, "the outbox's figures cannot be read, trying again");
      return waitMs;
    }
  }

  async function sample(): Promise<void> {
    const waitMs = await read();
    if (!stopped) timer = setTimeout(() => void sample(), waitMs);
  }
  void sample();

  return {
    get state() {
      return state;
    },
    get problem() {
      return problem;
    },
    get oldestUnpublishedAgeMs() {
      const unknownMs = performance.now() - knownAt;
      return (state?.oldestUnpublishedAgeMs ?? 0) + (state && unknownMs <= FRESH_MS ? 0 : unknownMs);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** A name with several addresses gives an error for each, and no message of its own. */
function messageOf(err: unknown): string {
  const { errors, message } = err as { errors?: readonly Error[]; message?: string };
  return errors?.[0]?.message ?? message ?? String(err);
}
