import { expect, test } from "vitest";
import { clampOffsets, mergeOffsets, minOffsets } from "./topic-offsets.ts";

test("merging replaces partition by partition and keeps the rest", () => {
  expect(mergeOffsets({ a: { 0: "1", 1: "2" }, b: { 0: "3" } }, { a: { 1: "5" }, c: { 0: "6" } })).toEqual({
    a: { 0: "1", 1: "5" },
    b: { 0: "3" },
    c: { 0: "6" },
  });
});

test("of two, the lower offset counts for each partition, as a number, and what only one knows is kept", () => {
  const a = { t: { 0: "9", 1: "7" }, only: { 0: "1" } };
  const b = { t: { 0: "10", 1: "6", 2: "5" } };
  expect(minOffsets(a, b)).toEqual({ t: { 0: "9", 1: "6", 2: "5" }, only: { 0: "1" } });
  expect(minOffsets(b, a)).toEqual(minOffsets(a, b));
  expect(minOffsets({}, {})).toEqual({});
});

test("an offset that is not there any more, or not yet, becomes the place where reading begins", () => {
  const from = { t: { 0: "10", 1: "0", 2: "4", 3: "0" } };
  const to = { t: { 0: "100", 1: "5", 2: "9", 3: "0" } };
  const known = { t: { 0: "3", 1: "50", 2: "6" }, other: { 0: "1" } };
  expect(clampOffsets(known, from, to)).toEqual({
    t: { 0: "10", 1: "0", 2: "6", 3: "0" },
    other: { 0: "1" },
  });
});
