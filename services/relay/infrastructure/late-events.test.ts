import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { outboxEvent } from "../testing/events.ts";
import { metricNames } from "./metrics.ts";
import { createRelayMetrics } from "./relay-metrics.ts";

test("every event of a batch counts as late when its oldest was acked more than 1 s after its commit, and none else", async () => {
  const registry = new Registry();
  const metrics = createRelayMetrics(registry, new Map([["order", "orders-events"]]));
  const late = async () => (await registry.getSingleMetric(metricNames.eventsPublishedLate)?.get())?.values;
  const batch = [outboxEvent(), outboxEvent(), outboxEvent()];
  expect(await late()).toMatchObject([{ value: 0 }]);
  metrics.published(batch, Date.now() - 900);
  expect(await late()).toMatchObject([{ value: 0 }]);
  metrics.published(batch, Date.now() - 1_100);
  expect(await late()).toMatchObject([{ value: 3 }]);
});
