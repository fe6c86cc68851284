import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { documentedMetrics, registeredMetrics } from "../../../test/support/metrics-table.ts";
import { createAccessMetrics } from "./access-metrics.ts";
import { createApiMetrics, metricNames } from "./metrics.ts";

test("the README's table has each metric with its labels, and no other", () => {
  const registry = new Registry();
  createApiMetrics(registry);
  createAccessMetrics(registry);
  expect(documentedMetrics(new URL("../README.md", import.meta.url))).toEqual(registeredMetrics(registry));
});

test("every metric is there before anything happened, and each call is observed by its route or method", async () => {
  const registry = new Registry();
  const metrics = createApiMetrics(registry);
  for (const name of Object.values(metricNames))
    expect(await registry.metrics()).toContain(`# HELP ${name} `);
  metrics.observeHttp("/orders/:id", "GET", 404, 0.02);
  metrics.observeRpc({
    method: "orders.v1.OrderService/GetOrder",
    protocol: "grpc",
    code: "not_found",
    seconds: 0.02,
  });
  const text = await registry.metrics();
  expect(text).toContain(
    `${metricNames.httpDuration}_count{http_request_method="GET",http_route="/orders/:id",http_response_status_code="404"} 1`,
  );
  expect(text).toContain(
    `${metricNames.rpcDuration}_count{rpc_method="orders.v1.OrderService/GetOrder",protocol="grpc",code="not_found"} 1`,
  );
});

test("the connections are asked at each scrape, and what was turned away is counted by its reason", async () => {
  const registry = new Registry();
  const metrics = createApiMetrics(registry);
  let waiting = 0;
  metrics.observeConnections(() => ({ used: 3, idle: 2, waiting }));
  waiting = 7;
  metrics.shed("queue_full");
  const text = await registry.metrics();
  for (const line of [
    `${metricNames.connections}{db_client_connection_state="used"} 3`,
    `${metricNames.connections}{db_client_connection_state="idle"} 2`,
    `${metricNames.waiting} 7`,
    `${metricNames.shed}{reason="queue_full"} 1`,
    `${metricNames.shed}{reason="waited_too_long"} 0`,
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});
