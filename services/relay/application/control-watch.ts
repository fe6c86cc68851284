import { delay } from "../../platform/delay.ts";
import type { Logger } from "../../platform/logger.ts";
import { NO_CONTROL, type RelayControl, type RelayControls, type RelayMode } from "./relay-control.ts";
import { hasCode } from "./relay-error.ts";

/** Keeps what people want of the relay at hand. */
export interface ControlWatch {
  /** As last read. */
  readonly current: RelayControl;
  /** Aborts when there is another `current`. */
  readonly changed: AbortSignal;
  /** The relay acts by `current` from now on: whoever waits for it is told, at the next look. */
  follow(): void;
  /** Looks again and again until `signal` aborts. Never rejects: a failure is logged, and `current` stays as it is. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ControlWatchOptions {
  readonly controls: RelayControls;
  readonly configured: RelayMode;
  readonly epoch: bigint;
  readonly intervalMs: number;
  readonly log: Logger;
}

/** Rejects when the first look fails: a leader that cannot know whether it is paused does not begin. */
export async function openControlWatch(options: ControlWatchOptions): Promise<ControlWatch> {
  const { controls, epoch, intervalMs, log } = options;
  let current = await first(options);
  let followed = current.followed;
  let toFollow: bigint | undefined;
  let changed = new AbortController();
  let isFailing = false;

  function take(next: RelayControl): void {
    if (next.revision === current.revision) return;
    const { pause, mode } = next;
    log.warn({ pause, mode }, "the relay is asked to go on otherwise");
    current = next;
    followed = next.followed;
    toFollow = undefined;
    const before = changed;
    changed = new AbortController();
    before.abort();
  }

  async function look(): Promise<void> {
    take(await controls.read());
    if (toFollow === undefined || toFollow === followed) return;
    const revision = toFollow;
    await controls.noteFollowed(revision, epoch);
    followed = revision;
  }

  return {
    get current() {
      return current;
    },
    get changed() {
      return changed.signal;
    },
    follow() {
      toFollow = current.revision;
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          await look();
          isFailing = false;
        } catch (err) {
          const isNews = !isFailing && !signal.aborted && !hasCode(err, "MIGRATION_MISSING");
          if (isNews)
            log.error({ err }, "what people want of the relay cannot be read: it goes on as it was told");
          isFailing = true;
        }
        await delay(intervalMs, signal);
      }
    },
  };
}

/** Without the migration the relay does what it did before there was one. */
async function first({ controls, configured, log }: ControlWatchOptions): Promise<RelayControl> {
  try {
    return await controls.begin(configured);
  } catch (err) {
    if (!hasCode(err, "MIGRATION_MISSING")) throw err;
    log.error({ err }, "the relay can be neither paused nor given another mode");
    return NO_CONTROL;
  }
}
