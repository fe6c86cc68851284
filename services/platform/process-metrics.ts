import { collectDefaultMetrics, type Registry } from "prom-client";

/** Gauges that are named as counters are: Prometheus' lint refuses them, and each is the sum of one that it takes. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** What every process tells of itself: CPU, memory, event loop, garbage collection. */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}
