import { delay } from "../../platform/delay.ts";
import { type Draining, drainOutbox } from "./drain-outbox.ts";
import type { Resumed } from "./leadership.ts";

/** Drains again and again until `halt`: reads the outbox without the WAL. */
export async function pollOutbox(
  deps: Draining & { readonly pollIntervalMs: number },
  leadership: Resumed,
): Promise<void> {
  const { halt, saver } = leadership;
  deps.observer.phase("polling");
  try {
    while (!halt.aborted) {
      const published = await drainOutbox(deps, leadership);
      await saver.saveIfDue();
      if (published === 0) await delay(deps.pollIntervalMs, halt);
    }
  } finally {
    await saver.flush();
  }
}
