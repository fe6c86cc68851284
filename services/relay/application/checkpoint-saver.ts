import type { Checkpoint, CheckpointStore } from "./checkpoint-store.ts";

/** Without new events a checkpoint is written this many times less often: it only keeps the next search short. */
const IDLE_FACTOR = 30;

/** Writes the newest checkpoint now and then, not at every step. */
export interface CheckpointSaver {
  /** The newest checkpoint, saved or not. */
  readonly current: Checkpoint;
  /** The one that the next leader would start from. */
  readonly saved: Checkpoint;
  /** Takes a newer checkpoint, which covers `events` more events. */
  note(checkpoint: Checkpoint, events: number): void;
  saveIfDue(): Promise<void>;
  /** Writes what is not written yet. */
  flush(): Promise<void>;
}

export function createCheckpointSaver(options: {
  readonly checkpoints: CheckpointStore;
  readonly epoch: bigint;
  readonly intervalMs: number;
  readonly loaded: Checkpoint;
  readonly now?: () => number;
}): CheckpointSaver {
  const { checkpoints, epoch, intervalMs, now = () => performance.now() } = options;
  let current = options.loaded;
  let saved = options.loaded;
  let savedAt = now();
  let unsavedEvents = 0;

  async function flush(): Promise<void> {
    if (current === saved) return;
    const writing = current;
    const events = unsavedEvents;
    await checkpoints.save(writing, epoch);
    saved = writing;
    savedAt = now();
    unsavedEvents -= events;
  }

  return {
    get current() {
      return current;
    },
    get saved() {
      return saved;
    },
    note(checkpoint, events) {
      current = checkpoint;
      unsavedEvents += events;
    },
    async saveIfDue() {
      const due = unsavedEvents > 0 ? intervalMs : intervalMs * IDLE_FACTOR;
      if (now() - savedAt >= due) await flush();
    },
    flush,
  };
}
