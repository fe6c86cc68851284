import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "../logger.ts";
import type { TracingMetrics } from "./tracing-metrics.ts";

/** Some 2 KB each: what a collector that is away can cost. */
const MAX_SPANS = 2_048;
const BATCH_SPANS = 512;
const SEND_EVERY_MS = 1_000;
/** An outage is one line now and then, however many exports fail. */
const LOG_EVERY_MS = 60_000;

export interface SpanProcessorOptions {
  readonly exporter: SpanExporter;
  readonly metrics: TracingMetrics;
  readonly log: Logger;
  readonly maxSpans?: number;
  readonly now?: () => number;
}

/**
 * OpenTelemetry's batch processor with a limit on what is kept in all, what is being sent included, and with a word about what it
 * drops: by itself it tells that to nobody but a global logger.
 */
export function createSpanProcessor(options: SpanProcessorOptions): SpanProcessor {
  const { exporter, metrics, log, maxSpans = MAX_SPANS, now = () => performance.now() } = options;
  let kept = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;

  function noteFailure(err: Error | undefined, spans: number): void {
    metrics.dropped("export_failed", spans);
    if (now() - loggedAt < LOG_EVERY_MS) return;
    loggedAt = now();
    log.warn({ err, spans }, "spans could not be exported and are lost; nothing else depends on them");
  }

  const observed: SpanExporter = {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        kept -= spans.length;
        if (result.code === 0) metrics.exported(spans.length);
        else noteFailure(result.error, spans.length);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor({
    exporter: observed,
    maxQueueSize: maxSpans,
    maxExportBatchSize: Math.min(BATCH_SPANS, maxSpans),
    scheduledDelayMillis: SEND_EVERY_MS,
  });

  return {
    onStart: (span, parent) => batches.onStart(span, parent),
    onEnd(span) {
      if ((span.spanContext().traceFlags & 1) === 0) return;
      if (kept >= maxSpans) {
        metrics.dropped("queue_full", 1);
        return;
      }
      kept += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}
