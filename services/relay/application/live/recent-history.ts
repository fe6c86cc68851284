import type { Logger } from "../../../platform/logger.ts";
import type { HistoryDesk, HistoryLine } from "../operations/history-desk.ts";

/** The newest lines of the history, read only while somebody looks. */
export interface RecentHistory {
  /** As it was read last; undefined before the first time. */
  readonly lines: readonly HistoryLine[] | undefined;
  /** Reads it, if that was not done a moment ago; resolves when it is done. Never rejects. */
  refresh(): Promise<void>;
}

const LINES = 30;
const AGE_MS = 2_000;

export function createRecentHistory(
  desk: HistoryDesk,
  log: Logger,
  elapsed: () => number = () => performance.now(),
): RecentHistory {
  let lines: readonly HistoryLine[] | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let isFailing = false;

  async function read(): Promise<void> {
    try {
      lines = await desk.recent(LINES);
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.warn({ err }, "the history for the live page cannot be read, trying again");
      isFailing = true;
    }
    readAt = elapsed();
    reading = undefined;
  }

  return {
    get lines() {
      return lines;
    },
    refresh() {
      if (reading === undefined && elapsed() - readAt < AGE_MS) return Promise.resolve();
      reading ??= read();
      return reading;
    },
  };
}
