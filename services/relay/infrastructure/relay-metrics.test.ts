import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { modeFaults } from "../application/mode-cause.ts";
import type { RelayPhase } from "../application/relay-observer.ts";
import { outboxEvent as event } from "../testing/events.ts";
import { brokerErrorReasons } from "./kafka/broker-error-reason.ts";
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

test("the lag goes on rising while a stream is opened again and again, until a tick has come back", async () => {
  const { metrics, value } = observed();
  metrics.heartbeat(10);
  for (let tries = 0; tries < 3; tries++) {
    metrics.phase("recovering", "the stream is lost");
    metrics.phase("streaming");
    metrics.tickSent();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await value(metricNames.heartbeatLag)).toBeGreaterThan(0.05);
  metrics.heartbeat(10);
  expect(await value(metricNames.heartbeatLag)).toBe(0.01);
});

test.each<RelayPhase>(["standby", "polling", "paused", "stopped"])(
  "while it is %s nothing is streamed, and nothing lags",
  async (phase) => {
    const { metrics, value } = observed();
    metrics.heartbeat(10);
    metrics.tickSent();
    metrics.phase(phase);
    expect(await value(metricNames.heartbeatLag)).toBe(0);
  },
);

test("what is in flight has its events and bytes until it is acked, or another leads", async () => {
  const { metrics, value } = observed();
  const events = [event({ bytes: 300 }), event({ bytes: 500 })];
  for (const end of [() => metrics.published(events, Date.now()), () => metrics.leader(false)]) {
    metrics.publishStarted(events);
    expect(await value(metricNames.inFlightEvents)).toBe(2);
    expect(await value(metricNames.inFlightBytes)).toBe(800);
    end();
    expect(await value(metricNames.inFlightEvents)).toBe(0);
    expect(await value(metricNames.inFlightBytes)).toBe(0);
  }
});

test("a batch that was acked within the objective of one second is counted in a bucket that ends there", async () => {
  const { metrics, value } = observed();
  const at = (le: string) => value(`${metricNames.publishLatency}_bucket{le="${le}",mode="cdc"}`);
  expect(await at("1")).toBe(0);
  metrics.published([event({})], Date.now() - 900);
  metrics.published([event({})], Date.now() - 1_100);
  expect(await at("1")).toBe(1);
  expect(await at("+Inf")).toBe(2);
});

test("errors of the broker and changes of the mode have a reason, each from 0 on", async () => {
  const { metrics, value } = observed();
  const errors = (reason: string) => value(`${metricNames.brokerErrors}{reason="${reason}"}`);
  const changes = (reason: string) =>
    value(`${metricNames.modeTransitions}{from="cdc",to="polling",reason="${reason}"}`);
  for (const reason of brokerErrorReasons) expect(await errors(reason)).toBe(0);
  for (const reason of modeFaults) expect(await changes(reason)).toBe(0);
  metrics.brokerFailed(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
  metrics.modeChanged("cdc", "polling", "stream_silent");
  expect(await errors("disconnected")).toBe(1);
  expect(await changes("stream_silent")).toBe(1);
});
