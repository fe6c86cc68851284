import type { Logger } from "./logger.ts";

/** Everything that is acquired registers its release here; releases run last in, first out. */
export interface Lifecycle {
  /** Registers a release. Once stopping has begun the release runs at once. */
  onStop(name: string, release: () => Promise<unknown> | unknown): void;
  /** Runs all releases, each given what is left of the time; never throws; a second call returns the first one's promise. */
  stop(): Promise<StopReport>;
}

/** Which releases failed or ran out of time; empty after a clean stop. */
export interface StopReport {
  readonly failed: readonly string[];
}

export function createLifecycle(options: { readonly timeoutMs: number; readonly log: Logger }): Lifecycle {
  const releases: { name: string; release: () => Promise<unknown> | unknown }[] = [];
  let stopping: Promise<StopReport> | undefined;

  async function runOne(
    name: string,
    release: () => Promise<unknown> | unknown,
    deadline: number,
  ): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const expired = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("ran out of time")), Math.max(deadline - Date.now(), 50));
      });
      await Promise.race([Promise.resolve().then(release), expired]);
      return true;
    } catch (err) {
      options.log.error({ err, release: name }, "release failed");
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  async function runAll(): Promise<StopReport> {
    const deadline = Date.now() + options.timeoutMs;
    const failed: string[] = [];
    for (let item = releases.pop(); item; item = releases.pop()) {
      if (!(await runOne(item.name, item.release, deadline))) failed.push(item.name);
    }
    return { failed };
  }

  return {
    onStop(name, release) {
      if (stopping !== undefined) void runOne(name, release, Date.now() + options.timeoutMs);
      else releases.push({ name, release });
    },
    stop() {
      stopping ??= runAll();
      return stopping;
    },
  };
}
