/**
 * Time that passes only when it is told to: a history of minutes takes milliseconds, and the same history goes the same way again.
 * Between two timers all promises that can go on do so.
 */
export interface VirtualClock {
  /** ms */
  readonly now: number;
  after(ms: number, fire: () => void): void;
  /** Like `delay` of the platform: returns early, without an error, when `signal` aborts. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
  /** In the stead of AbortSignal.timeout. */
  timeout(ms: number): AbortSignal;
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly at: number;
  fire: (() => void) | undefined;
}

/** setTimeout waits for this long at the least. */
const LEAST_MS = 1;

export function createVirtualClock(): VirtualClock {
  let now = 1_000;
  /** Latest first, and of those at one time the one that was set first last. */
  const timers: Timer[] = [];

  function set(ms: number, fire: () => void): Timer {
    const timer: Timer = { at: now + Math.max(ms, LEAST_MS), fire };
    let index = timers.length;
    while (index > 0 && (timers[index - 1] as Timer).at <= timer.at) index -= 1;
    timers.splice(index, 0, timer);
    return timer;
  }

  return {
    get now() {
      return now;
    },
    after(ms, fire) {
      set(ms, fire);
    },
    async delay(ms, signal) {
      if (signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = set(ms, () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        });
        const onAbort = () => {
          timer.fire = undefined;
          resolve();
        };
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    timeout(ms) {
      const expired = new AbortController();
      set(ms, () => expired.abort(new DOMException("timed out", "TimeoutError")));
      return expired.signal;
    },
    async advance(ms) {
      const until = now + ms;
      await settled();
      for (let timer = timers.at(-1); timer && timer.at <= until; timer = timers.at(-1)) {
        timers.pop();
        if (!timer.fire) continue;
        now = timer.at;
        timer.fire();
        await settled();
      }
      now = until;
    },
  };
}

/** When no promise is left that can go on by itself. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
