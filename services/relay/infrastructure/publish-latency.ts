import { Histogram, type Registry } from "prom-client";
import { traceIdOf } from "../../platform/tracing/trace-context.ts";
import { sampledTrace } from "../application/row-trace.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { metricNames } from "./metrics.ts";

export interface PublishLatency {
  /** `oldest`: the event that took so long. The trace that it belongs to, if that is collected, becomes its bucket's exemplar. */
  observe(mode: "cdc" | "polling", seconds: number, oldest: OutboxEvent | undefined): void;
}

export function createPublishLatency(registry: Registry): PublishLatency {
  const histogram = new Histogram({
    name: metricNames.publishLatency,
    help: "From commit in Postgres to the broker's ack, of the oldest event in each batch.",
    labelNames: ["mode"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    enableExemplars: true,
    // With exemplars prom-client takes no registry whose own format has none; the ops server gives the other one.
    registers: [],
  });
  registry.registerMetric(histogram);
  for (const mode of ["cdc", "polling"]) histogram.zero({ mode });
  return {
    observe(mode, value, oldest) {
      const traceId = oldest && traceIdOf(sampledTrace(oldest.headers));
      // prom-client's type asks for the metric's own labels here.
      const exemplarLabels: Record<never, string> = traceId === undefined ? {} : { trace_id: traceId };
      histogram.observe({ labels: { mode }, value, exemplarLabels });
    },
  };
}
