import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { RelayPhase } from "../application/relay-observer.ts";
import { metricNames } from "./metrics.ts";
import { createRelayMetrics } from "./relay-metrics.ts";

function observed() {
  const registry = new Registry();
  const metrics = createRelayMetrics(registry, new Map([["order", "orders-events"]]));
  const value = async (series: string) => {
    const line = (await registry.metrics()).split("\n").find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  return { registry, metrics, value };
}

test("every metric is there before anything happened", async () => {
  const { registry } = observed();
  const text = await registry.metrics();
  for (const name of Object.values(metricNames)) expect(text).toContain(`# HELP ${name} `);
});

test("what is counted begins at 0, so that the first late batch of a new leader is seen as an increase", async () => {
  const { value } = observed();
  for (const mode of ["cdc", "polling"]) {
    expect(await value(`${metricNames.publishLatency}_count{mode="${mode}"}`)).toBe(0);
    expect(await value(`${metricNames.publishLatency}_bucket{le="1",mode="${mode}"}`)).toBe(0);
  }
  expect(await value(`${metricNames.eventsPublished}{topic="orders-events"}`)).toBe(0);
});

test.each<[RelayPhase, "cdc" | "polling" | "down"]>([
  ["starting", "down"],
  ["standby", "down"],
  ["draining", "cdc"],
  ["streaming", "cdc"],
  ["polling", "polling"],
  ["recovering", "down"],
  ["stopped", "down"],
])("while it is %s the mode is %s and no other", async (phase, mode) => {
  const { metrics, value } = observed();
  metrics.phase(phase);
  for (const each of ["cdc", "polling", "down"]) {
    expect(await value(`${metricNames.relayMode}{mode="${each}"}`)).toBe(each === mode ? 1 : 0);
  }
});

test("the lag rises while a tick is under way, and falls to its round trip when it is back", async () => {
  const { metrics, value } = observed();
  metrics.heartbeat(20);
  expect(await value(metricNames.heartbeatLag)).toBe(0.02);
  metrics.tickSent();
  await expect.poll(() => value(metricNames.heartbeatLag), { interval: 5 }).toBeGreaterThan(0.02);
  metrics.heartbeat(10);
  expect(await value(metricNames.heartbeatLag)).toBe(0.01);
});
