import { expect, test } from "vitest";
import { isVisible, parseSnapshot, widenTransactionId } from "./snapshot.ts";

test("what is below xmin is visible, what is in progress or at xmax and above is not", () => {
  const snapshot = parseSnapshot("10:15:11,13");
  const visible = [9n, 10n, 11n, 12n, 13n, 14n, 15n, 16n].filter((id) => isVisible(snapshot, id));
  expect(visible).toEqual([9n, 10n, 12n, 14n]);
});

test("the first checkpoint's snapshot sees nothing", () => {
  expect(isVisible(parseSnapshot("1:1:"), 3n)).toBe(false);
});

test.each(["", "1:1", "1:1:2,", "a:1:", "1:1:,2", "1:1:2:"])("%j is refused", (text) => {
  expect(() => parseSnapshot(text)).toThrow(RangeError);
});

test("a 32-bit transaction id is widened to the epoch it belongs to, also across a wraparound", () => {
  const early = parseSnapshot("4294967290:4294967300:");
  expect(widenTransactionId(early, 4294967295)).toBe(4294967295n);
  expect(widenTransactionId(early, 3)).toBe(4294967299n);
  expect(widenTransactionId(early, 10)).toBe(4294967306n);
  expect(widenTransactionId(parseSnapshot("700:800:"), 750)).toBe(750n);
  expect(widenTransactionId(parseSnapshot("4294967200:4294967290:"), 5)).toBe(4294967301n);
});

test("for the first checkpoint's snapshot no transaction id is taken for one of an epoch before the first", () => {
  expect(widenTransactionId(parseSnapshot("1:1:"), 4294967295)).toBe(4294967295n);
  expect(widenTransactionId(parseSnapshot("4294967297:4294967297:"), 4294967295)).toBe(4294967295n);
});
