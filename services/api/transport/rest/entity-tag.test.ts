import { expect, test } from "vitest";
import { isNoneMatchFor, readIfMatch } from "./entity-tag.ts";

test.each([
  ['"3"', [3n]],
  ['"3", "4"', [3n, 4n]],
  ["*", undefined],
  ['W/"3"', []],
  ['W/"3", "4"', [4n]],
  ['"abc"', []],
  ['"03"', []],
  ['"0"', []],
  ['""', []],
  [undefined, undefined],
])("If-Match: %s admits %s", (header, versions) => {
  expect(readIfMatch(header, false)).toEqual(versions);
});

test.each(["3", '"3', '3"', "", '"3" "4"', '"3",', "**", '*, "3"', 'w/"3"'])(
  "If-Match: %s is malformed",
  (header) => {
    expect(() => readIfMatch(header, false)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
  },
);

test("where If-Match is required, nothing is done without it, and * is enough", () => {
  expect(() => readIfMatch(undefined, true)).toThrow(
    expect.objectContaining({ code: "PRECONDITION_REQUIRED" }),
  );
  expect(readIfMatch("*", true)).toBeUndefined();
});

test.each([
  ['"3"', true],
  ['W/"3"', true],
  ['"2", "3"', true],
  ["*", true],
  ['"2"', false],
  ["3", false],
  [undefined, false],
])("If-None-Match: %s has version 3: %s", (header, isThere) => {
  expect(isNoneMatchFor(header, '"3"')).toBe(isThere);
});
