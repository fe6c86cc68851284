import { createBackoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import { createCheckpointSaver } from "./checkpoint-saver.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { openControlWatch } from "./control-watch.ts";
import type { Lease, Leases } from "./lease.ts";
import { type Maintenance, maintainOutbox } from "./maintenance.ts";
import { type Controlled, readAsControlled } from "./read-as-controlled.ts";
import type { RelayControls } from "./relay-control.ts";

export type RelayParts = Controlled & {
  readonly leases: Leases;
  readonly checkpoints: CheckpointStore;
  readonly maintenance: Maintenance;
  readonly controls: RelayControls;
  readonly controlIntervalMs: number;
  readonly checkpointIntervalMs: number;
};

/** After this long without a fault the waiting times between tries start from the shortest again. */
const HEALTHY_MS = 10_000;

/** Reads the outbox and publishes it, for as long as it is not stopped; whatever fails is tried again with backoff. */
export interface Relay {
  /**
   * Resolves when `stop` has aborted and everything in flight is acked, saved and confirmed, or `abandon` has aborted
   * as well. Never rejects.
   */
  run(stop: AbortSignal, abandon: AbortSignal): Promise<void>;
}

export function createRelay(parts: RelayParts): Relay {
  const { leases, observer, log, publisher } = parts;

  /** Resolves at `stop`, with everything done that was begun; with whether nothing is on its way to Kafka. */
  async function lead(lease: Lease, stop: AbortSignal, abandon: AbortSignal): Promise<boolean> {
    const leaseLost = new AbortController();
    void lease.lost.then((error) => leaseLost.abort(error));
    const over = new AbortController();
    const saver = createCheckpointSaver({
      checkpoints: parts.checkpoints,
      epoch: lease.epoch,
      intervalMs: parts.checkpointIntervalMs,
      loaded: await parts.checkpoints.load(),
    });
    const watch = await openControlWatch({
      controls: parts.controls,
      configured: parts.mode,
      epoch: lease.epoch,
      intervalMs: parts.controlIntervalMs,
      log,
    });
    log.info({ epoch: `${lease.epoch}`, mode: parts.mode }, "leading");
    const leadership = {
      epoch: lease.epoch,
      saver,
      halt: AbortSignal.any([stop, leaseLost.signal]),
      abandon: AbortSignal.any([abandon, leaseLost.signal]),
    };
    const beside = AbortSignal.any([leadership.halt, over.signal]);
    const working = [maintainOutbox(parts.maintenance, log, beside), watch.run(beside)];
    let nothingOnItsWay: boolean;
    try {
      nothingOnItsWay = await readAsControlled(parts, watch, leadership, !lease.afterOrderlyEnd);
    } finally {
      over.abort();
      await Promise.all(working);
    }
    if (leaseLost.signal.aborted) throw leaseLost.signal.reason;
    abandon.throwIfAborted();
    return nothingOnItsWay;
  }

  return {
    async run(stop, abandon) {
      const backoff = createBackoff({ initialMs: 100, maxMs: 5_000 });
      while (!stop.aborted) {
        let ledSince: number | undefined;
        let lease: Lease | undefined;
        let orderly = false;
        try {
          lease = await leases.acquire(stop, () => observer.phase("standby"));
          ledSince = performance.now();
          observer.leader(true);
          observer.phase("starting");
          orderly = await lead(lease, stop, abandon);
        } catch (err) {
          if (stop.aborted) break;
          if (ledSince !== undefined && performance.now() - ledSince > HEALTHY_MS) backoff.reset();
          const waitMs = Math.round(backoff.next());
          observer.phase("recovering", err instanceof Error ? err.message : String(err));
          log.error({ err, waitMs }, "the relay was interrupted, starting again");
          await delay(waitMs, stop);
        } finally {
          observer.leader(false);
          // Whatever was still being sent must not outlive the lease.
          if (!orderly) await publisher.discard();
          await lease?.release(orderly);
        }
      }
      observer.phase("stopped");
    },
  };
}
