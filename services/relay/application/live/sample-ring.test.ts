import { expect, test } from "vitest";
import { createSampleRing, type Sample } from "./sample-ring.ts";

const sample = (at: number): Sample => ({
  at,
  events: at * 10,
  p50Ms: 1,
  p99Ms: 2,
  oldestUnpublishedMs: undefined,
  heartbeatLagMs: 3,
  retainedWalBytes: 4,
});
const timesAfter = (ring: ReturnType<typeof createSampleRing>, number: number) =>
  ring.after(number).map(([at]) => at);

test("what came after a number is given once, the oldest first", () => {
  const ring = createSampleRing(10);
  expect(ring.after(0)).toEqual([]);
  for (const at of [1, 2, 3]) ring.add(sample(at));
  expect(timesAfter(ring, 0)).toEqual([1, 2, 3]);
  expect(timesAfter(ring, 2)).toEqual([3]);
  expect(timesAfter(ring, ring.newest)).toEqual([]);
});

test("the oldest make room for the newest", () => {
  const ring = createSampleRing(3);
  for (let at = 1; at <= 8; at++) ring.add(sample(at));
  expect(ring.newest).toBe(8);
  expect(timesAfter(ring, 0)).toEqual([6, 7, 8]);
});

test("what is not known is null when it is sent", () => {
  const ring = createSampleRing(3);
  ring.add(sample(7));
  expect(JSON.stringify(ring.after(0))).toBe("[[7,70,1,2,null,3,4]]");
});
