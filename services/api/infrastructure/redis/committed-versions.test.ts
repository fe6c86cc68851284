import { expect, test } from "vitest";
import { createCommittedVersions } from "./committed-versions.ts";

test("the newest version of each order is known, in whatever order commits are noted", () => {
  const versions = createCommittedVersions({ max: 10, keptMs: 1_000, now: () => 0 });
  versions.note("a", 3n);
  versions.note("a", 2n);
  versions.note("b", 2n);
  expect([versions.of("a"), versions.of("b"), versions.of("c")]).toEqual([3n, 2n, 0n]);
});

test("no more are kept than may be: those whose last commit is the longest ago go", () => {
  const versions = createCommittedVersions({ max: 2, keptMs: 1_000, now: () => 0 });
  versions.note("a", 2n);
  versions.note("b", 2n);
  versions.note("a", 3n);
  versions.note("c", 2n);
  expect([versions.of("a"), versions.of("b"), versions.of("c")]).toEqual([3n, 0n, 2n]);
});

test("what was committed longer ago than an entry lives is forgotten at the next commit", () => {
  let now = 0;
  const versions = createCommittedVersions({ max: 10, keptMs: 1_000, now: () => now });
  versions.note("a", 2n);
  now = 1_000;
  versions.note("b", 2n);
  expect(versions.of("a")).toBe(2n);
  now = 1_001;
  versions.note("c", 2n);
  expect([versions.of("a"), versions.of("b")]).toEqual([0n, 2n]);
});
