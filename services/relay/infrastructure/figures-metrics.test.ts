import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { documentedMetrics, registeredMetrics } from "../../../test/support/metrics-table.ts";
import type { OutboxState } from "../application/outbox-figures.ts";
import { outboxState, slotState } from "../testing/outbox-state.ts";
import { createFiguresMetrics } from "./figures-metrics.ts";
import type { FiguresSampler } from "./figures-sampler.ts";
import { figureNames } from "./metrics.ts";
import { createRelayMetrics } from "./relay-metrics.ts";

function exposed(state?: OutboxState) {
  const registry = new Registry();
  const sampler = {
    state,
    problem: undefined,
    get oldestUnpublishedAgeMs() {
      return sampler.state?.oldestUnpublishedAgeMs ?? 1_500;
    },
    stop() {},
  };
  createFiguresMetrics(registry, sampler satisfies FiguresSampler, "s1");
  const series = async () =>
    Object.fromEntries(
      (await registry.metrics())
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
    );
  return { registry, series, sampler };
}

test("before the database has answered only the age tells something: it rises", async () => {
  const { registry, series } = exposed();
  expect(await series()).toEqual({ [figureNames.oldestUnpublishedAge]: 1.5 });
  const text = await registry.metrics();
  for (const name of Object.values(figureNames)) expect(text).toContain(`# HELP ${name} `);
});

test("what the database tells is there in seconds and bytes, by slot", async () => {
  const slot = slotState({
    active: false,
    walStatus: "extended",
    confirmedFlushLagBytes: 1_000,
    retainedWalBytes: 2_000,
    safeWalBytes: 3_000,
    inactiveMs: 4_000,
    spilledTransactions: 5,
    spilledBytes: 6_000,
  });
  const { series } = exposed(
    outboxState({
      readAt: 1_800_000_000_500,
      clockSkewMs: -250,
      oldestUnpublishedAgeMs: 7_000,
      unpublishedEvents: 8,
      deadLetters: 9,
      parkedEvents: 10,
      slot,
    }),
  );
  const once = await series();
  expect(once).toEqual({
    outbox_figures_read_timestamp_seconds: 1_800_000_000.5,
    outbox_clock_skew_seconds: -0.25,
    outbox_oldest_unpublished_age_seconds: 7,
    outbox_unpublished_events: 8,
    outbox_dead_letters: 9,
    outbox_parked_events: 10,
    'outbox_slot_exists{slot="s1"}': 1,
    'outbox_slot_active{slot="s1"}': 0,
    'outbox_slot_inactive_seconds{slot="s1"}': 4,
    'outbox_slot_confirmed_flush_lag_bytes{slot="s1"}': 1_000,
    'outbox_slot_retained_wal_bytes{slot="s1"}': 2_000,
    'outbox_slot_safe_wal_bytes{slot="s1"}': 3_000,
    'outbox_slot_wal_status{slot="s1",wal_status="reserved"}': 0,
    'outbox_slot_wal_status{slot="s1",wal_status="extended"}': 1,
    'outbox_slot_wal_status{slot="s1",wal_status="unreserved"}': 0,
    'outbox_slot_wal_status{slot="s1",wal_status="lost"}': 0,
    'outbox_slot_failover{slot="s1"}': 1,
    'outbox_slot_synced{slot="s1"}': 0,
    'outbox_slot_spilled_transactions_total{slot="s1"}': 5,
    'outbox_slot_spilled_bytes_total{slot="s1"}': 6_000,
  });
  expect(await series()).toEqual(once);
});

test("a slot that was lost has its reason, and one that is gone nothing but that", async () => {
  const { series, sampler } = exposed(
    outboxState({ slot: slotState({ walStatus: "lost", invalidationReason: "wal_removed" }) }),
  );
  expect(await series()).toMatchObject({ 'outbox_slot_invalidated{slot="s1",reason="wal_removed"}': 1 });
  sampler.state = outboxState({ slot: undefined });
  const gone = Object.entries(await series()).filter(([name]) => name.startsWith("outbox_slot_"));
  expect(gone).toEqual([['outbox_slot_exists{slot="s1"}', 0]]);
});

test("the README has each metric of the relay, with its labels, and no other", () => {
  const { registry } = exposed();
  createRelayMetrics(registry, new Map([["order", "orders-events"]]));
  expect(documentedMetrics(new URL("../README.md", import.meta.url))).toEqual(registeredMetrics(registry));
});
