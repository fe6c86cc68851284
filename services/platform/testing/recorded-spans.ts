import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { createOtelTracer } from "../tracing/otel-tracer.ts";
import type { Tracer } from "../tracing/tracer.ts";

/** A span that has ended, as a test looks at it. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly failed: boolean;
  /** ms since 1970. */
  readonly startTime: number;
  readonly endTime: number;
}

export interface RecordedTracer extends Tracer {
  /** In the order in which they ended. */
  spans(): RecordedSpan[];
  skippedSpans(): number;
}

/** OpenTelemetry's own tracer, whose spans stay here. */
export function recordingTracer(): RecordedTracer {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  let skipped = 0;
  const metrics = {
    exported() {},
    dropped: (_reason: string, spans: number) => {
      skipped += spans;
    },
  };
  return {
    ...createOtelTracer(provider.getTracer("test"), metrics),
    skippedSpans: () => skipped,
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: SpanKind[span.kind] as string,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        events: span.events.map(({ name }) => name),
        failed: span.status.code === SpanStatusCode.ERROR,
        startTime: msOf(span.startTime),
        endTime: msOf(span.endTime),
      })),
  };
}

function msOf([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}
