import { execFile } from "node:child_process";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { collectProcessMetrics } from "./process-metrics.ts";

test("a process tells of its CPU, memory, event loop and start, and promtool finds no fault with the names", async () => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const text = await registry.metrics();
  for (const name of [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "nodejs_eventloop_lag_p99_seconds",
  ]) {
    expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, "m"));
  }
  expect(text).toContain("# TYPE nodejs_gc_duration_seconds histogram");
  const fault = await new Promise((resolve) => {
    const promtool = execFile("promtool", ["check", "metrics"], (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` || error.message : ""),
    );
    promtool.stdin?.end(text);
  });
  expect(fault).toBe("");
});
