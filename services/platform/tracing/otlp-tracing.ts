import { hostname } from "node:os";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Registry } from "prom-client";
import type { Logger } from "../logger.ts";
import { createOtelTracer } from "./otel-tracer.ts";
import { createSampler } from "./sampler.ts";
import { createSpanProcessor } from "./span-processor.ts";
import type { Tracer } from "./tracer.ts";
import { createTracingMetrics } from "./tracing-metrics.ts";
import type { TracingConfig } from "./tracing-variables.ts";

export interface OtlpTracingOptions {
  readonly serviceName: string;
  readonly serviceNamespace?: string;
  readonly registry: Registry;
  readonly log: Logger;
  /** A test's own, in the place of the one that sends. */
  readonly exporter?: SpanExporter;
}

export interface OtlpTracing {
  readonly tracer: Tracer;
  /** Sends what is left, for as long as that; never rejects. */
  stop(timeoutMs: number): Promise<void>;
}

/** Longest time of one export with all its tries. */
const EXPORT_MS = 10_000;

/**
 * OpenTelemetry's tracing without its globals: no global provider, propagator or context manager, and nothing of other modules is
 * replaced. Spans are begun where something happens, and know their parents by what they are given.
 */
export function createOtlpTracing(config: TracingConfig, options: OtlpTracingOptions): OtlpTracing {
  const { registry, log } = options;
  const metrics = createTracingMetrics(registry);
  const exporter = options.exporter ?? createExporter(config);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": config.OTEL_SERVICE_NAME ?? options.serviceName,
      ...(options.serviceNamespace && { "service.namespace": options.serviceNamespace }),
      "service.instance.id": `${hostname()} ${process.pid}`,
      ...Object.fromEntries(config.OTEL_RESOURCE_ATTRIBUTES ?? []),
    }),
    sampler: createSampler(config.OTEL_TRACES_SAMPLER, config.OTEL_TRACES_SAMPLER_ARG),
    spanProcessors: [createSpanProcessor({ exporter, metrics, log })],
  });
  return {
    tracer: createOtelTracer(provider.getTracer("outbox-orders"), metrics),
    async stop(timeoutMs) {
      const { promise: tooLate, resolve } = Promise.withResolvers<string>();
      const timer = setTimeout(resolve, timeoutMs, `not sent within ${Math.round(timeoutMs)} ms`);
      // What failed is counted and logged by the processor.
      const flushed = provider.shutdown().then(
        () => undefined,
        () => undefined,
      );
      const reason = await Promise.race([flushed, tooLate]);
      clearTimeout(timer);
      if (reason !== undefined) log.warn({ reason }, "the last spans are lost");
    },
  };
}

function createExporter(config: TracingConfig): SpanExporter {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint = "", OTEL_EXPORTER_OTLP_HEADERS: headers } = config;
  return new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, "")}/v1/traces`,
    headers: Object.fromEntries(headers ?? []),
    timeoutMillis: EXPORT_MS,
  });
}
