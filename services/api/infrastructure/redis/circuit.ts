import type { Backoff } from "../../../platform/backoff.ts";
import { answerWithin } from "./answer-within.ts";

/** Something that can be done without is not waited for long, and not asked while it does not work, so that it costs no time. */
export interface Circuit {
  /** @throws CircuitOpen without asking; Error when the answer takes too long; what `ask` throws */
  run<T>(ask: () => Promise<T>): Promise<T>;
}

export class CircuitOpen extends Error {}

export interface CircuitOptions {
  /** Longest wait for an answer. */
  readonly timeoutMs: number;
  /** How long nobody asks after a failure, and after that after each trial that fails. */
  readonly backoff: Backoff;
  /** Monotonic, in ms. */
  readonly now: () => number;
  /** Of failures that say nothing of the whole. */
  readonly isAnswer: (error: unknown) => boolean;
  readonly onOpen: (error: unknown) => void;
  readonly onClose: () => void;
}

/** Opens at the first failure: asking too seldom costs a little time, asking what is dead costs it at every request. */
export function createCircuit(options: CircuitOptions): Circuit {
  const { timeoutMs, backoff, now, isAnswer, onOpen, onClose } = options;
  /** Undefined while it is closed. */
  let openUntil: number | undefined;
  let isTrying = false;

  function fail(error: unknown): void {
    const isNew = openUntil === undefined;
    openUntil = now() + backoff.next();
    if (isNew) onOpen(error);
  }
  function close(): void {
    openUntil = undefined;
    backoff.reset();
    onClose();
  }

  return {
    async run(ask) {
      const isTrial = openUntil !== undefined;
      if (isTrial && (isTrying || now() < (openUntil ?? 0))) throw new CircuitOpen("passed over for now");
      isTrying ||= isTrial;
      try {
        const answer = await answerWithin(timeoutMs, ask());
        if (isTrial) close();
        return answer;
      } catch (error) {
        if (isTrial && isAnswer(error)) close();
        // What was asked before it opened fails later; that is no news.
        if (!isAnswer(error) && (isTrial || openUntil === undefined)) fail(error);
        throw error;
      } finally {
        if (isTrial) isTrying = false;
      }
    },
  };
}
