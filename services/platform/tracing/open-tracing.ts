import type { Registry } from "prom-client";
import type { ServiceContext } from "../run-service.ts";
import { noTracer, type Tracer } from "./tracer.ts";
import type { TracingConfig } from "./tracing-variables.ts";

export interface TracingOptions {
  readonly serviceName: string;
  /** What tells services of one name apart. */
  readonly serviceNamespace?: string;
  readonly registry: Registry;
  readonly shutdownTimeoutMs: number;
}

/** Part of SHUTDOWN_TIMEOUT_MS that the last spans may take on their way; a collector that is away must not make a stop fail. */
const FLUSH_SHARE = 0.2;

/**
 * Traces go to OTEL_EXPORTER_OTLP_ENDPOINT; without one there are none, and OpenTelemetry's SDK (17 MB of memory) is not
 * loaded. To be called before whatever makes spans, so that it stops after it.
 */
export async function openTracing(
  config: TracingConfig,
  { log, lifecycle }: ServiceContext,
  options: TracingOptions,
): Promise<Tracer> {
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return noTracer;
  const { createOtlpTracing } = await import("./otlp-tracing.ts");
  const { tracer, stop } = createOtlpTracing(config, { ...options, log });
  lifecycle.onStop("tracing", () => stop(options.shutdownTimeoutMs * FLUSH_SHARE));
  return tracer;
}
