import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createOffsetCoverage } from "./offset-coverage.ts";
import { mergeOffsets } from "./topic-offsets.ts";

const at = (offset: number) => ({ "orders-events": { "0": String(offset) } });

test("when the snapshot sees everything published, its offsets are the end offsets", () => {
  const coverage = createOffsetCoverage();
  coverage.published([10, 11], at(0));
  coverage.published([12], at(2));
  expect(coverage.cover("13:13:", at(3))).toEqual(at(3));
});

test("a record whose transaction the snapshot does not see yet holds the offsets back to before its batch", () => {
  const coverage = createOffsetCoverage();
  coverage.published([10], at(0));
  coverage.published([11, 12], at(1));
  coverage.published([13], at(3));
  expect(coverage.cover("11:14:11", at(4))).toEqual(at(1));
  expect(coverage.cover("14:14:", at(4))).toEqual(at(4));
});

test("offsets of one batch replace those of its own partitions only", () => {
  const offsets = { a: { "0": "5", "1": "7" }, b: { "0": "1" } };
  expect(mergeOffsets(offsets, { a: { "1": "9" } })).toEqual({ a: { "0": "5", "1": "9" }, b: { "0": "1" } });
});

test("what the snapshot of a tick on its way does not see holds the offsets back, whether it was published before the tick or after", () => {
  const coverage = createOffsetCoverage();
  coverage.published([10, 11], at(0));
  coverage.sent("11:13:11");
  coverage.published([12, 13], at(2));
  expect(coverage.cover("11:13:11", at(4))).toEqual(at(0));
  expect(coverage.cover("12:14:", at(4))).toEqual(at(4));
});

test("of a backlog that the tick on its way sees nothing is kept: memory does not grow with it", () => {
  const coverage = createOffsetCoverage();
  coverage.sent("2000000:2000000:");
  const before = process.memoryUsage().heapUsed;
  for (let first = 0; first < 1_900_000; first += 1_000)
    coverage.published(
      Array.from({ length: 1_000 }, (_, i) => first + i),
      at(first),
    );
  // Kept, they would be 15 MB at the least.
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
});
