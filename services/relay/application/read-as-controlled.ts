import type { ControlWatch } from "./control-watch.ts";
import { type HandingOver, readByMode } from "./hand-over.ts";
import type { Leadership } from "./leadership.ts";
import { type RelayControl, type RelayMode, type Wish, whoAndWhy } from "./relay-control.ts";

export type Controlled = Omit<HandingOver, "mode" | "modeReason"> & {
  /** As configured. */
  readonly mode: RelayMode;
};

/**
 * Reads the outbox as people want it, until `halt`. With each change of theirs the reading ends in order, as for a stop (the batch in
 * flight is acked, saved and confirmed), and begins anew from the checkpoint: nothing is lost or repeated by it.
 *
 * A paused relay keeps the lease, so that nobody else publishes either, and has neither a stream nor a producer: its slot is there but
 * inactive, and can be dropped or moved meanwhile.
 *
 * Resolves with whether nothing of any leader is on its way to Kafka, as `readByMode` does. Rejects when SQL fails.
 */
export async function readAsControlled(
  deps: Controlled,
  watch: ControlWatch,
  leadership: Leadership,
  settle: boolean,
): Promise<boolean> {
  const { halt } = leadership;
  let mustSettle = settle;
  while (!halt.aborted) {
    const { current, changed } = watch;
    const until = AbortSignal.any([halt, changed]);
    watch.follow();
    if (current.pause) await pause(current.pause, until);
    else await read(current, changed, until);
  }
  return !mustSettle;

  async function pause(wish: Wish, until: AbortSignal): Promise<void> {
    deps.observer.phase("paused", `paused by ${whoAndWhy(wish)}`);
    await deps.publisher.discard();
    if (!until.aborted)
      await new Promise((resolve) => until.addEventListener("abort", resolve, { once: true }));
    if (!halt.aborted) deps.observer.phase("starting");
  }

  async function read(control: RelayControl, changed: AbortSignal, until: AbortSignal): Promise<void> {
    const mode = control.mode?.mode ?? deps.mode;
    const modeReason = control.mode
      ? `the mode was set to ${mode} by ${whoAndWhy(control.mode)}`
      : `RELAY_MODE is ${mode}`;
    try {
      mustSettle = !(await readByMode(
        { ...deps, mode, modeReason },
        { ...leadership, halt: until },
        mustSettle,
      ));
    } catch (error) {
      // Called off before it had begun.
      if (halt.aborted || error !== changed.reason) throw error;
    }
  }
}
