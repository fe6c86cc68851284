import { expect, test } from "vitest";
import { createLatencyWindow } from "./latency-window.ts";

test.each([0.1, 0.5, 1, 3, 7.7, 250, 1_000, 59_000, 3_000_000])(
  "%d ms is told as no less, and as no more than a tenth more",
  (ms) => {
    const window = createLatencyWindow(2);
    window.add(ms, 1);
    const told = window.percentiles()?.p50Ms ?? 0;
    expect(told).toBeGreaterThanOrEqual(Math.min(ms, told));
    expect(told * 1.000_001).toBeGreaterThanOrEqual(ms);
    expect(told).toBeLessThanOrEqual(Math.max(ms * 1.1, 0.5) * 1.000_001);
  },
);

test("percentiles count events, of a second and of all seconds in the window", () => {
  const window = createLatencyWindow(3);
  window.add(1, 98);
  window.add(500, 2);
  const first = window.endSecond();
  expect(first?.p50Ms).toBeCloseTo(1, 0);
  expect(first?.p99Ms).toBeGreaterThanOrEqual(500);
  window.add(1, 300);
  expect(window.endSecond()?.p99Ms).toBeLessThan(2);
  expect(window.percentiles()?.p99Ms).toBeLessThan(2);
  expect(window.endSecond()).toBeUndefined();
});

test("what is older than the window is forgotten", () => {
  const window = createLatencyWindow(2);
  window.add(900, 5);
  window.endSecond();
  expect(window.percentiles()).toBeDefined();
  window.endSecond();
  expect(window.percentiles()).toBeUndefined();
});

test("what takes more than the last bucket is still counted", () => {
  const window = createLatencyWindow(2);
  window.add(1e12, 1);
  expect(window.percentiles()?.p99Ms).toBeGreaterThan(3_600_000);
});
