import { expect, test } from "vitest";
import { missedVersions } from "./missed-versions.ts";

test.each([
  [0n, 1n, 0n],
  [1n, 2n, 0n],
  [1n, 4n, 2n],
  [0n, 3n, 2n],
  [5n, 5n, 0n],
  [5n, 2n, 0n],
  [9007199254740992n, 9007199254740994n, 1n],
])("from version %s to %s, %s versions are missing", (previous, next, missed) => {
  expect(missedVersions(previous, next)).toBe(missed);
});
