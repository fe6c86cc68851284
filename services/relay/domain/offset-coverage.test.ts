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
