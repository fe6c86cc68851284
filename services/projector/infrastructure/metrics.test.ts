import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { documentedMetrics, registeredMetrics } from "../../../test/support/metrics-table.ts";
import type { DeadLetter } from "../application/dead-letter-topic.ts";
import type { ApplyResult } from "../application/order-projection.ts";
import { consumed, orderCreated } from "../testing/records.ts";
import { readOrderEvent } from "./cloudevents/read-order-event.ts";
import { createProjectorMetrics, metricNames } from "./metrics.ts";

const id = "0198c0de-0000-7000-8000-000000000001";
const record = consumed(orderCreated({ orderId: id, eventId: id, version: 5 }));
const event = readOrderEvent(record);
const letter: DeadLetter = { record, reason: "invalid_json", message: "planted" };

test("every metric is there before anything happened, and each result and reason begins at 0", async () => {
  const registry = new Registry();
  createProjectorMetrics(registry);
  const text = await registry.metrics();
  for (const name of Object.values(metricNames)) expect(text).toContain(`# HELP ${name} `);
  expect(text).toContain('projector_events_total{result="conflict"} 0');
  expect(text).toContain('projector_dead_lettered_total{reason="key_mismatch"} 0');
});

test("the README's table has each metric with its labels, and no other", () => {
  const registry = new Registry();
  createProjectorMetrics(registry);
  expect(documentedMetrics(new URL("../README.md", import.meta.url))).toEqual(registeredMetrics(registry));
});

test("the lag is asked at each scrape, and a partition that went to another process has no series any more", async () => {
  const registry = new Registry();
  const metrics = createProjectorMetrics(registry);
  let lag = [
    { partition: 0, records: 7 },
    { partition: 3, records: 0 },
  ];
  metrics.observeLag({ group: "g", topic: "t", read: () => lag });
  const series = (partition: number) =>
    `kafka_consumergroup_lag{consumergroup="g",topic="t",partition="${partition}"}`;
  expect(await registry.metrics()).toContain(`${series(0)} 7\n${series(3)} 0\n`);
  lag = [{ partition: 3, records: 2 }];
  const text = await registry.metrics();
  expect(text).toContain(`${series(3)} 2\n`);
  expect(text).not.toContain(series(0));
});

test("results, reasons, missed versions and latency are counted; only what was applied has a latency", async () => {
  const registry = new Registry();
  const metrics = createProjectorMetrics(registry);
  const results: ApplyResult[] = [
    { outcome: "applied", previousVersion: 2n },
    { outcome: "stale", previousVersion: 9n },
  ];
  metrics.projected([event, event], results);
  metrics.deadLettered([letter]);
  const text = await registry.metrics();
  expect(text).toContain('projector_events_total{result="applied"} 1');
  expect(text).toContain('projector_events_total{result="stale"} 1');
  expect(text).toContain("projector_missed_versions_total 2");
  expect(text).toContain("projector_commit_to_projected_seconds_count 1");
  expect(text).toContain('projector_dead_lettered_total{reason="invalid_json"} 1');
});

test("a partition that stalls makes it not ready, with the reason, until it goes on", async () => {
  const registry = new Registry();
  const metrics = createProjectorMetrics(registry);
  expect(metrics.notReady()).toBeUndefined();
  metrics.stalled("orders-events/3", new Error("READONLY"));
  expect(metrics.notReady()).toBe("orders-events/3 does not go on: READONLY");
  expect(await registry.metrics()).toContain("projector_stalled_partitions 1");
  metrics.resumed("orders-events/3");
  expect(metrics.notReady()).toBeUndefined();
  expect(await registry.metrics()).toContain("projector_stalled_partitions 0");
});
