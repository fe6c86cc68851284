import { expect, test } from "vitest";
import { createBackoff } from "./backoff.ts";

test("waiting times double up to the cap and start again after a reset", () => {
  const backoff = createBackoff({ initialMs: 100, maxMs: 500, random: () => 0.999999 });
  const waits = [1, 2, 3, 4, 5].map(() => Math.round(backoff.next()));
  expect(waits).toEqual([100, 200, 400, 500, 500]);
  backoff.reset();
  expect(Math.round(backoff.next())).toBe(100);
});

test("jitter never goes below half of the time", () => {
  const backoff = createBackoff({ initialMs: 100, maxMs: 100, random: () => 0 });
  expect(backoff.next()).toBe(50);
});
