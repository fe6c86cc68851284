import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createOpsApp } from "../../platform/ops-server.ts";
import { outboxEvent } from "../testing/events.ts";
import { createPublishLatency } from "./publish-latency.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const headers = (flags: string) => `{"traceparent": "00-${traceId}-b7ad6b7169203331-${flags}"}`;

async function openMetrics(observe: (latency: ReturnType<typeof createPublishLatency>) => void) {
  const registry = new Registry();
  observe(createPublishLatency(registry));
  const app = createOpsApp({ registry, checks: {} });
  const response = await app.request("/metrics", { headers: { accept: "application/openmetrics-text" } });
  return await response.text();
}

test("a latency's exemplar is the trace of the event that took so long", async () => {
  const text = await openMetrics((latency) =>
    latency.observe("cdc", 0.8, outboxEvent({ headers: headers("01") })),
  );
  expect(text).toMatch(new RegExp(`le="1",mode="cdc"} 1 # {trace_id="${traceId}"} 0.8 `));
});

test("without a trace that is collected there is none, and the latency counts all the same", async () => {
  const text = await openMetrics((latency) => {
    latency.observe("cdc", 0.8, outboxEvent({ headers: headers("00") }));
    latency.observe("cdc", 0.8, outboxEvent());
    latency.observe("cdc", 0.8, undefined);
  });
  expect(text).toContain('outbox_publish_latency_seconds_count{mode="cdc"} 3');
  expect(text).not.toContain("trace_id");
});
