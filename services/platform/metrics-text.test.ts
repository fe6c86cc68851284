import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createOpsApp } from "./ops-server.ts";

/** What Prometheus 2 and 3 send. */
const prometheus = [
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
];
const others = [
  "text/plain;version=0.0.4",
  "*/*",
  "text/plain;q=0.9,application/openmetrics-text;q=0.1",
  undefined,
];

function opsApp() {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: "things_total", help: "Things.", labelNames: ["kind"], registers }).inc(
    { kind: "a" },
    2,
  );
  new Gauge({
    name: "waiting",
    help: "Waiting.",
    registers,
    async collect() {
      this.set(await Promise.resolve(7));
    },
  });
  const histogram = new Histogram({
    name: "took_seconds",
    help: "Took.",
    buckets: [1],
    enableExemplars: true,
    registers: [],
  });
  registry.registerMetric(histogram);
  histogram.observe({ value: 0.5, exemplarLabels: { trace_id: "abc" } });
  const app = createOpsApp({ registry, checks: {} });
  return async (accept: string | undefined) => {
    const response = await app.request("/metrics", accept === undefined ? {} : { headers: { accept } });
    return { type: response.headers.get("content-type"), text: await response.text() };
  };
}

test.each(prometheus)("who asks for OpenMetrics first gets it, with exemplars: %s", async (accept) => {
  const { type, text } = await opsApp()(accept);
  expect(type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(text).toContain('# TYPE things counter\nthings_total{kind="a"} 2\n');
  expect(text).toContain("\nwaiting 7\n");
  expect(text).toMatch(/^took_seconds_bucket\{le="1"\} 1 # \{trace_id="abc"\} 0\.5 [\d.]+$/m);
  expect(text).toMatch(/\n# EOF\n$/);
});

test.each(others)("all others get the text format 0.0.4: %s", async (accept) => {
  const { type, text } = await opsApp()(accept);
  expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain('# TYPE things_total counter\nthings_total{kind="a"} 2\n');
  expect(text).not.toContain("trace_id");
});

test("one format does not change the other", async () => {
  const ask = opsApp();
  const first = await ask(undefined);
  await ask(prometheus[0]);
  await ask(prometheus[1]);
  expect(await ask(undefined)).toEqual(first);
});
