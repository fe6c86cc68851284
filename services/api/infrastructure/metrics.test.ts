import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createApiMetrics, metricNames } from "./metrics.ts";

test("every metric is there before anything happened, and each call is observed by its route or method", async () => {
  const registry = new Registry();
  const metrics = createApiMetrics(registry);
  for (const name of Object.values(metricNames))
    expect(await registry.metrics()).toContain(`# HELP ${name} `);
  metrics.observeHttp("/orders/:id", "GET", 404, 0.02);
  metrics.observeRpc("orders.v1.OrderService/GetOrder", "notfound", 0.02);
  const text = await registry.metrics();
  expect(text).toContain(
    `${metricNames.httpDuration}_count{http_request_method="GET",http_route="/orders/:id",http_response_status_code="404"} 1`,
  );
  expect(text).toContain(
    `${metricNames.rpcDuration}_count{rpc_method="orders.v1.OrderService/GetOrder",code="notfound"} 1`,
  );
});
