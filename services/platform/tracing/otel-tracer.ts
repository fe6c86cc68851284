import {
  type Context,
  createTraceState,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as traces,
} from "@opentelemetry/api";
import type { TraceContext } from "./trace-context.ts";
import type { Span, Tracer } from "./tracer.ts";
import type { TracingMetrics } from "./tracing-metrics.ts";

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** The port over a tracer of OpenTelemetry. */
export function createOtelTracer(otel: OtelTracer, metrics: TracingMetrics): Tracer {
  return {
    isOn: true,
    startSpan(name, { kind, parent, attributes = {}, startTime }) {
      const options = { kind: kinds[kind], attributes, ...(startTime !== undefined && { startTime }) };
      return wrap(otel.startSpan(name, options, contextOf(parent)));
    },
    skipped: (spans) => metrics.dropped("batch_limit", spans),
  };
}

function wrap(span: OtelSpan): Span {
  return {
    trace: traceOf(span),
    setAttributes: (attributes) => void span.setAttributes(attributes),
    addEvent: (name, attributes = {}, time) => void span.addEvent(name, attributes, time),
    fail(type) {
      span.setAttribute("error.type", type);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: (time) => span.end(time),
  };
}

function traceOf(span: OtelSpan): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

function contextOf(parent: TraceContext | undefined): Context {
  if (!parent) return ROOT_CONTEXT;
  const [, traceId = "", spanId = "", flags = ""] = parent.traceparent.split("-");
  return traces.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    ...(parent.tracestate !== undefined && { traceState: createTraceState(parent.tracestate) }),
    isRemote: true,
  });
}
