import { Counter, Gauge, type Registry } from "prom-client";
import { type OutboxState, type SlotState, walStatuses } from "../application/outbox-figures.ts";
import type { FiguresSampler } from "./figures-sampler.ts";
import { figureNames } from "./metrics.ts";

type Value<Of> = (of: Of) => number | undefined;
const asNumber = (condition: boolean) => (condition ? 1 : 0);

/** What is not known is left out: a 0 would be taken for good news. */
export function createFiguresMetrics(registry: Registry, sampler: FiguresSampler, slot: string): void {
  const registers = [registry];

  function gauge(name: string, help: string, value: Value<OutboxState>): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const found = sampler.state && value(sampler.state);
        if (found === undefined) this.remove();
        else this.set(found);
      },
    });
  }

  function slotGauge(name: string, help: string, value: Value<SlotState>): void {
    new Gauge({
      name,
      help,
      labelNames: ["slot"],
      registers,
      collect() {
        const state = sampler.state?.slot;
        const found = state && value(state);
        if (found === undefined) this.remove({ slot });
        else this.set({ slot }, found);
      },
    });
  }

  /** The server counts. */
  function slotCounter(name: string, help: string, value: (slot: SlotState) => number): void {
    new Counter({
      name,
      help,
      labelNames: ["slot"],
      registers,
      collect() {
        this.remove({ slot });
        const state = sampler.state?.slot;
        if (state) this.inc({ slot }, value(state));
      },
    });
  }

  /** 1 for the value that holds. */
  function slotStates<Label extends string>(
    name: string,
    help: string,
    label: Label,
    values: (slot: SlotState) => Readonly<Record<string, boolean>>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ["slot", label],
      registers,
      collect() {
        this.reset();
        const state = sampler.state?.slot;
        if (!state) return;
        for (const [value, holds] of Object.entries(values(state))) {
          this.set({ slot, [label]: value } as Record<"slot" | Label, string>, asNumber(holds));
        }
      },
    });
  }

  new Gauge({
    name: figureNames.oldestUnpublishedAge,
    help: "Age of the oldest event that is not published; rises as well while the database cannot be asked.",
    registers,
    collect() {
      this.set(sampler.oldestUnpublishedAgeMs / 1000);
    },
  });
  gauge(
    figureNames.figuresRead,
    "When the figures that are read from the database were last read.",
    (state) => state.readAt / 1000,
  );
  gauge(
    figureNames.clockSkew,
    "The database's clock minus this process's.",
    (state) => state.clockSkewMs / 1000,
  );
  gauge(
    figureNames.unpublishedEvents,
    "Events that are committed and not published; of a long backlog as many as are counted.",
    (state) => state.unpublishedEvents,
  );
  gauge(
    figureNames.deadLetters,
    "Events that can never be published and wait for a person.",
    (state) => state.deadLetters,
  );
  gauge(
    figureNames.parkedEvents,
    "Events that wait behind a dead letter of their key.",
    (state) => state.parkedEvents,
  );

  new Gauge({
    name: figureNames.slotExists,
    help: "1 when there is a replication slot of the relay's.",
    labelNames: ["slot"],
    registers,
    collect() {
      if (sampler.state) this.set({ slot }, asNumber(sampler.state.slot !== undefined));
    },
  });
  slotGauge(figureNames.slotActive, "1 while a relay reads from the slot.", ({ active }) => asNumber(active));
  slotGauge(
    figureNames.slotInactive,
    "How long nobody has read from the slot; 0 while somebody does.",
    ({ inactiveMs }) => inactiveMs / 1000,
  );
  slotGauge(
    figureNames.slotConfirmedFlushLag,
    "WAL written since the position that the relay has confirmed: the replication lag in bytes.",
    ({ confirmedFlushLagBytes }) => confirmedFlushLagBytes,
  );
  slotGauge(
    figureNames.slotRetainedWal,
    "WAL that the server keeps on its disk for the slot.",
    ({ retainedWalBytes }) => retainedWalBytes,
  );
  slotGauge(
    figureNames.slotSafeWal,
    "WAL that may still be written before the slot is lost; absent without max_slot_wal_keep_size.",
    ({ safeWalBytes }) => safeWalBytes,
  );
  slotStates(
    figureNames.slotWalStatus,
    "1 for the state of the WAL that the slot needs (pg_replication_slots.wal_status).",
    "wal_status",
    ({ walStatus }) => Object.fromEntries(walStatuses.map((each) => [each, each === walStatus])),
  );
  slotStates(
    figureNames.slotInvalidated,
    "1 for the reason why the slot can never be read again; absent while it can.",
    "reason",
    ({ invalidationReason }) => (invalidationReason === undefined ? {} : { [invalidationReason]: true }),
  );
  slotGauge(figureNames.slotFailover, "1 when standby servers keep a copy of the slot.", ({ failover }) =>
    asNumber(failover),
  );
  slotGauge(figureNames.slotSynced, "1 when the slot is a copy, kept on a standby server.", ({ synced }) =>
    asNumber(synced),
  );
  slotCounter(
    figureNames.slotSpilledTransactions,
    "Transactions that the walsender put on disk because they did not fit into logical_decoding_work_mem.",
    ({ spilledTransactions }) => spilledTransactions,
  );
  slotCounter(
    figureNames.slotSpilledBytes,
    "Bytes of transactions that the walsender put on disk.",
    ({ spilledBytes }) => spilledBytes,
  );
}
