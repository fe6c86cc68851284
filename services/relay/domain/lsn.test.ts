import { expect, test } from "vitest";
import { formatLsn, parseLsn } from "./lsn.ts";

test.each([
  ["0/0", 0n],
  ["0/1949CF8", 0x1949cf8n],
  ["16/B374D848", 0x16_b374d848n],
  ["FFFFFFFF/FFFFFFFF", 0xffffffff_ffffffffn],
])("%s is read and written as Postgres prints it", (text, lsn) => {
  expect(parseLsn(text)).toBe(lsn);
  expect(formatLsn(lsn)).toBe(text);
});

test("both paddings are the same position", () => {
  expect(parseLsn("0/01949CF8")).toBe(parseLsn("0/1949cf8"));
});

test("positions compare as numbers where their texts do not", () => {
  expect(parseLsn("0/FFFFFFF8") < parseLsn("1/8")).toBe(true);
  expect(parseLsn("9/0") < parseLsn("10/0")).toBe(true);
  expect("9/0" < "10/0").toBe(false);
});

test.each(["", "0", "0/", "/0", "0/0/0", "G/0", "0/123456789", " 0/0", "0/0\n"])("%j is refused", (text) => {
  expect(() => parseLsn(text)).toThrow(RangeError);
});
