import { Counter, type Registry } from "prom-client";

/**
 * - `queue_full`: as many as are kept wait for the collector already.
 * - `export_failed`: the collector was away for too long, or refused them.
 * - `batch_limit`: one batch had more of them than is told of.
 */
export const dropReasons = ["queue_full", "export_failed", "batch_limit"] as const;

export interface TracingMetrics {
  exported(spans: number): void;
  dropped(reason: (typeof dropReasons)[number], spans: number): void;
}

export function createTracingMetrics(registry: Registry): TracingMetrics {
  const registers = [registry];
  const exported = new Counter({
    name: "tracing_spans_exported_total",
    help: "Spans that the collector has taken.",
    registers,
  });
  const dropped = new Counter({
    name: "tracing_spans_dropped_total",
    help: "Spans that nobody will see, by reason; what they would have told of is done all the same.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of dropReasons) dropped.inc({ reason }, 0);
  return {
    exported: (spans) => exported.inc(spans),
    dropped: (reason, spans) => dropped.inc({ reason }, spans),
  };
}
