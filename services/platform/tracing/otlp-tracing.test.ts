import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import { createOtlpTracing } from "./otlp-tracing.ts";
import type { TracingConfig } from "./tracing-variables.ts";

const config: TracingConfig = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  OTEL_TRACES_SAMPLER: "parentbased_always_on",
  OTEL_TRACES_SAMPLER_ARG: 1,
};
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

type Done = Parameters<SpanExporter["export"]>[1];

/** Tracing into an exporter that does as it is told, and what is logged and counted. */
function scripted(onExport: (spans: ReadableSpan[], done: Done) => void, over: Partial<TracingConfig> = {}) {
  const exported: ReadableSpan[] = [];
  const lines: Record<string, unknown>[] = [];
  const registry = new Registry();
  const { tracer, stop } = createOtlpTracing(
    { ...config, ...over },
    {
      serviceName: "a service",
      registry,
      log: pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) }),
      exporter: {
        export(spans, done) {
          exported.push(...spans);
          onExport(spans, done);
        },
        shutdown: async () => {},
      },
    },
  );
  const begin = (parent = traceparent) =>
    tracer.startSpan("a span", { kind: "server", parent: { traceparent: parent } });
  const metric = async (series: string) =>
    Number(
      (await registry.metrics())
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length),
    );
  return { tracer, stop, exported, lines, begin, metric };
}

const taken = (_: unknown, done: Done) => done({ code: 0 });
const refused = (_: unknown, done: Done) => done({ code: 1, error: new Error("away") });

test("a span belongs to the trace of its parent, passes its own id on, and is sent at the stop", async () => {
  const { begin, stop, exported, metric } = scripted(taken, {
    OTEL_RESOURCE_ATTRIBUTES: new Map([["deployment.environment.name", "test"]]),
  });
  const span = begin();
  expect(span.trace?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(span.trace?.traceparent).not.toBe(traceparent);
  span.end();
  await stop(1_000);
  expect(exported).toHaveLength(1);
  expect(exported[0]?.parentSpanContext).toMatchObject({ spanId: "b7ad6b7169203331" });
  expect(exported[0]?.resource.attributes).toMatchObject({
    "service.name": "a service",
    "deployment.environment.name": "test",
  });
  expect(await metric("tracing_spans_exported_total")).toBe(1);
});

test("tracestate goes on with the trace", () => {
  const { tracer } = scripted(taken);
  const parent = { traceparent, tracestate: "vendor=1" };
  expect(tracer.startSpan("a span", { kind: "server", parent }).trace?.tracestate).toBe("vendor=1");
});

test("what the caller does not want collected is not, and its word goes on", async () => {
  const { begin, stop, exported } = scripted(taken);
  const span = begin(traceparent.replace(/01$/, "00"));
  expect(span.trace?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  span.end();
  await stop(1_000);
  expect(exported).toEqual([]);
});

test.each([
  ["always_on", "00", 1],
  ["always_off", "01", 0],
  ["parentbased_always_off", "01", 1],
  ["parentbased_traceidratio", "00", 0],
] as const)(
  "the sampler %s collects of a trace with the flags %s so many spans: %i",
  async (sampler, flags, count) => {
    const { begin, stop, exported } = scripted(taken, { OTEL_TRACES_SAMPLER: sampler });
    begin(traceparent.replace(/01$/, flags)).end();
    await stop(1_000);
    expect(exported).toHaveLength(count);
  },
);

test("the ratio is the part of the traces that nobody has decided about", async () => {
  const { tracer, stop, exported } = scripted(taken, {
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: 0,
  });
  tracer.startSpan("a span", { kind: "server", parent: undefined }).end();
  await stop(1_000);
  expect(exported).toEqual([]);
});

test("a collector that is away costs as many spans as are kept, one line in the log, and no error anywhere", async () => {
  vi.useFakeTimers();
  try {
    const { begin, stop, lines, metric } = scripted(refused);
    for (let rounds = 0; rounds < 5; rounds++) {
      begin().end();
      await vi.advanceTimersByTimeAsync(2_000);
    }
    await stop(1_000);
    expect(lines).toMatchObject([{ level: 40, spans: 1, err: { message: "away" } }]);
    expect(await metric('tracing_spans_dropped_total{reason="export_failed"}')).toBe(5);
  } finally {
    vi.useRealTimers();
  }
});

test("a collector that does not answer holds no more than the limit, and is heard of in the metric", async () => {
  const { begin, metric } = scripted(() => {});
  for (let i = 0; i < 3_000; i++) begin().end();
  expect(await metric('tracing_spans_dropped_total{reason="queue_full"}')).toBe(3_000 - 2_048);
});

test("a stop waits for the last spans no longer than it is given", async () => {
  const { begin, stop, lines } = scripted(() => {});
  begin().end();
  await stop(20);
  expect(lines).toMatchObject([{ msg: "the last spans are lost" }]);
});

test("a real collector that is away makes no stop fail, and none that takes longer than it is given", async () => {
  const lines: unknown[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const { tracer, stop } = createOtlpTracing(config, { serviceName: "s", registry: new Registry(), log });
  tracer.startSpan("a span", { kind: "server", parent: undefined }).end();
  const start = performance.now();
  await stop(500);
  expect(performance.now() - start).toBeLessThan(5_000);
  expect(lines).toHaveLength(1);
});
