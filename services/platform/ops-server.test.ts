import { Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createOpsApp } from "./ops-server.ts";

const registry = new Registry();
let broker: string | undefined;
const app = createOpsApp({
  registry,
  checks: { broker: () => broker, lease: () => undefined },
  remarks: { relay: () => "paused by ann@desk", lease: () => undefined },
});

test("/readyz tells what there is to know of what is ready, and why each part that is not ready is not, and /livez does not care", async () => {
  const ready = await app.request("/readyz");
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({ status: "ready", notes: { relay: "paused by ann@desk" } });
  broker = "has not acked for 7 s";
  const response = await app.request("/readyz");
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    status: "not ready",
    reasons: { broker: "has not acked for 7 s" },
  });
  expect((await app.request("/livez")).status).toBe(200);
});

test("/metrics has the registry's metrics, also those that are collected when asked for", async () => {
  new Gauge({
    name: "queued_events",
    help: "Waiting.",
    registers: [registry],
    async collect() {
      this.set(await Promise.resolve(7));
    },
  });
  const response = await app.request("/metrics");
  expect(response.headers.get("content-type")).toBe(registry.contentType);
  expect(await response.text()).toContain("queued_events 7");
});
