import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./support/eventually.ts";
import { kafkaBrokers } from "./support/kafka.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { placeOrder } from "./support/place-order.ts";
import { type ServiceProcess, spawnService } from "./support/service-process.ts";

let system: OrderSystem;
let standby: ServiceProcess;

beforeAll(async () => {
  system = await startOrderSystem();
  standby = spawnService("relay", {
    KAFKA_BROKERS: kafkaBrokers().join(),
    OPS_PORT: "0",
    DATABASE_URL: system.database.relayUrl,
    RELAY_SLOT: `${system.database.name}_slot`,
    RELAY_TOPICS: `order=${system.topic}`,
  });
  await placeOrder(system.restUrl);
});

afterAll(async () => {
  await standby.end("SIGKILL");
  await system.stop();
});

async function metricsOf(service: ServiceProcess): Promise<string> {
  const { opsPort } = await service.started();
  return (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
}

const services: [string, () => ServiceProcess, RegExp][] = [
  ["the API", () => system.processes.api, /^http_server_request_duration_seconds_count\{.* 1$/m],
  ["the relay that leads", () => system.processes.relay, /^outbox_events_published_total\{.* 1$/m],
  ["the relay that stands by", () => standby, /^outbox_slot_active\{.* 1$/m],
  ["the projector", () => system.processes.projector, /^projector_events_total\{result="applied"\} 1$/m],
];

test.each(services)("promtool has nothing to say against what %s exposes", async (_, service, worked) => {
  const text = await eventually(async () => {
    const metrics = await metricsOf(service());
    expect(metrics).toMatch(worked);
    return metrics;
  });
  for (const name of [
    "process_cpu_seconds_total",
    "nodejs_eventloop_lag_p99_seconds",
    "nodejs_gc_duration_seconds",
  ])
    expect(text).toContain(`# HELP ${name} `);
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: text,
    encoding: "utf8",
  });
  expect({ status, says: `${stdout}${stderr}` }).toEqual({ status: 0, says: "" });
});

test("promtool does say something against a gauge that is named like a counter", () => {
  const input = "# HELP wrong_total A gauge.\n# TYPE wrong_total gauge\nwrong_total 1\n";
  expect(spawnSync("promtool", ["check", "metrics"], { input }).status).toBe(3);
});
