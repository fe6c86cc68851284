import { OrderError } from "../domain/order-error.ts";
import type { Deadline } from "./ports.ts";

/** The watches of this process: how many there may be, and how long each. */
export interface Watches {
  /** @throws OrderError OVERLOADED when there are as many as there may be, UNAVAILABLE after `stop` */
  begin(deadline: Deadline): Watch;
  /** Ends all of them and lets no other begin: their clients go on elsewhere. */
  stop(): void;
  /** How many there are. */
  open(): number;
}

export interface Watch {
  /**
   * The caller's; its signal also aborts when the watch has lasted for as long as one may, and at a stop: then its reason is UNAVAILABLE,
   * which tells clients the same as a broken connection does, to call again. It cannot be a success: that says the order is final.
   */
  readonly deadline: Deadline;
  end(): void;
}

export function createWatches(options: { readonly max: number; readonly longestMs: number }): Watches {
  const { max, longestMs } = options;
  const open = new Set<AbortController>();
  let isStopped = false;

  return {
    begin(callers) {
      if (isStopped) throw stopping();
      if (open.size >= max) {
        const options = { retryAfterMs: 1_000 };
        throw new OrderError("OVERLOADED", "there are as many watches as there may be here", [], options);
      }
      const controller = new AbortController();
      const forward = () => controller.abort(callers.signal.reason);
      const timer = setTimeout(() => controller.abort(tooLong()), longestMs);
      open.add(controller);
      if (callers.signal.aborted) forward();
      callers.signal.addEventListener("abort", forward, { once: true });
      return {
        deadline: { signal: controller.signal, remainingMs: () => callers.remainingMs() },
        end() {
          open.delete(controller);
          clearTimeout(timer);
          callers.signal.removeEventListener("abort", forward);
        },
      };
    },
    stop() {
      isStopped = true;
      for (const controller of open) controller.abort(stopping());
    },
    open: () => open.size,
  };
}

function stopping(): OrderError {
  return new OrderError("UNAVAILABLE", "this server stops: watch on from the last version that came");
}

function tooLong(): OrderError {
  const message = "a watch lasts no longer: watch on from the last version that came";
  return new OrderError("UNAVAILABLE", message);
}
