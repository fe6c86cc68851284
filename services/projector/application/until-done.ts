import type { Backoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import type { ProjectorObserver } from "./projector-observer.ts";

export interface Attempt {
  /** What is being worked on, named for people. */
  readonly part: string;
  /** Ends the waiting between tries. A try that is under way is not interrupted. */
  readonly signal: AbortSignal;
}

/** Repeats a step until it resolves. Rejects with the step's error only when the signal aborts. */
export type UntilDone = <T>(step: () => Promise<T>, attempt: Attempt) => Promise<T>;

export function createUntilDone(options: {
  readonly observer: Pick<ProjectorObserver, "stalled" | "resumed">;
  readonly createBackoff: () => Backoff;
}): UntilDone {
  const { observer } = options;
  return async (step, { part, signal }) => {
    let backoff: Backoff | undefined;
    try {
      for (;;) {
        try {
          return await step();
        } catch (err) {
          if (signal.aborted) throw err;
          backoff ??= options.createBackoff();
          observer.stalled(part, err);
          await delay(backoff.next(), signal);
          if (signal.aborted) throw err;
        }
      }
    } finally {
      if (backoff !== undefined) observer.resumed(part);
    }
  };
}
