import { createBackoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import { formatLsn, maxLsn } from "../domain/lsn.ts";
import { createCheckpointSaver } from "./checkpoint-saver.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { drainOutbox } from "./drain-outbox.ts";
import type { Leadership } from "./leadership.ts";
import type { Lease, Leases } from "./lease.ts";
import type { OutboxTable } from "./outbox-table.ts";
import { pollOutbox } from "./poll-outbox.ts";
import type { Publisher } from "./publisher.ts";
import type { ReplicationSlot } from "./replication-slot.ts";
import { type Streaming, streamOutbox } from "./stream-outbox.ts";

export type RelayMode = "cdc" | "polling";

export type RelayParts = Streaming & {
  readonly mode: RelayMode;
  readonly leases: Leases;
  readonly publisher: Publisher;
  readonly checkpoints: CheckpointStore;
  readonly slot: ReplicationSlot;
  readonly table: OutboxTable;
  readonly checkpointIntervalMs: number;
  readonly pollIntervalMs: number;
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
  const { leases, observer, log } = parts;

  async function lead(lease: Lease, stop: AbortSignal, abandon: AbortSignal): Promise<void> {
    const leaseLost = new AbortController();
    void lease.lost.then((error) => leaseLost.abort(error));
    const halt = AbortSignal.any([stop, leaseLost.signal]);
    const loaded = await parts.checkpoints.load();
    const saver = createCheckpointSaver({
      checkpoints: parts.checkpoints,
      epoch: lease.epoch,
      intervalMs: parts.checkpointIntervalMs,
      loaded,
    });
    log.info({ epoch: `${lease.epoch}`, mode: parts.mode }, "leading");
    // While the outbox is being looked at; a broker that cannot be reached then shows before there is anything to publish.
    parts.publisher.prepare().catch((err) => log.warn({ err }, "the broker is not ready"));
    const leadership = { epoch: lease.epoch, saver, halt, abandon };
    if (parts.mode === "polling") await pollOutbox(parts, leadership);
    else await leadByStream(leadership);
    if (leaseLost.signal.aborted) throw leaseLost.signal.reason;
  }

  async function leadByStream(leadership: Leadership): Promise<void> {
    const { saver, halt } = leadership;
    const slot = await parts.slot.prepare(saver.current.confirmedLsn);
    // A drain that was under way is finished in any case: the stream knows snapshots, not drains.
    if (!slot.complete || saver.current.drain) {
      log.info({ lsn: formatLsn(slot.confirmedFlushLsn) }, "draining what the slot does not reach back to");
      observer.phase("draining");
      try {
        await drainOutbox(parts, leadership);
        if (halt.aborted) return;
        // What ends below the slot's position was committed before the drain's snapshot, so it is published.
        const lsn = maxLsn(slot.confirmedFlushLsn, saver.current.confirmedLsn);
        const confirmedOffsets = saver.current.publishedOffsets;
        saver.note({ ...saver.current, confirmedLsn: lsn, confirmedOffsets }, 0);
      } finally {
        await saver.flush();
      }
    }
    const confirmedLsn = await streamOutbox(parts, leadership);
    const readBack = await parts.slot.readBack();
    const fields = { confirmed: formatLsn(confirmedLsn), slot: readBack && formatLsn(readBack) };
    if (readBack === confirmedLsn) log.info(fields, "the slot has the last confirmation");
    else
      log.warn(fields, "the slot does not have the last confirmation; the next start skips what it repeats");
  }

  return {
    async run(stop, abandon) {
      const backoff = createBackoff({ initialMs: 100, maxMs: 5_000 });
      while (!stop.aborted) {
        let ledSince: number | undefined;
        let lease: Lease | undefined;
        try {
          lease = await leases.acquire(stop, () => observer.phase("standby"));
          ledSince = performance.now();
          observer.leader(true);
          observer.phase("starting");
          await lead(lease, stop, abandon);
        } catch (err) {
          if (stop.aborted) break;
          if (ledSince !== undefined && performance.now() - ledSince > HEALTHY_MS) backoff.reset();
          const waitMs = Math.round(backoff.next());
          observer.phase("recovering", err instanceof Error ? err.message : String(err));
          log.error({ err, waitMs }, "the relay was interrupted, starting again");
          await delay(waitMs, stop);
        } finally {
          observer.leader(false);
          await lease?.release();
        }
      }
      observer.phase("stopped");
    },
  };
}
