import type { Logger } from "../../../platform/logger.ts";
import type { ControlDesk, DatedWish } from "../operations/control-desk.ts";
import type { HistoryDesk, HistoryLine } from "../operations/history-desk.ts";

/** What happened to the relay, and what people want of it; read only while somebody looks. */
export interface OperatorsView {
  /** The newest first, as it was read last; undefined before the first time. */
  readonly history: readonly HistoryLine[] | undefined;
  /** Who has paused the relay, and why. */
  readonly pause: DatedWish | undefined;
  /** Reads it, if that was not done a moment ago; resolves when it is done. Never rejects. */
  refresh(): Promise<void>;
}

const LINES = 30;
const AGE_MS = 2_000;

export function createOperatorsView(desks: {
  readonly history: HistoryDesk;
  readonly control: Pick<ControlDesk, "standing">;
  readonly log: Logger;
  /** Ms of a clock that nobody sets. */
  readonly elapsed: () => number;
}): OperatorsView {
  const { log, elapsed } = desks;
  let history: readonly HistoryLine[] | undefined;
  let pause: DatedWish | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let isFailing = false;

  async function read(): Promise<void> {
    try {
      history = await desks.history.recent(LINES);
      ({ pause } = await desks.control.standing());
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.warn({ err }, "the history for the live page cannot be read, trying again");
      isFailing = true;
    }
    readAt = elapsed();
    reading = undefined;
  }

  return {
    get history() {
      return history;
    },
    get pause() {
      return pause;
    },
    refresh() {
      if (reading === undefined && elapsed() - readAt < AGE_MS) return Promise.resolve();
      reading ??= read();
      return reading;
    },
  };
}
