import { expect, test } from "vitest";
import { formatMinor, toMinor } from "./money.ts";

test.each([
  ["19.90", "EUR", 1990n, "19.90 EUR"],
  ["19,9", "EUR", 1990n, "19.90 EUR"],
  ["7", "EUR", 700n, "7.00 EUR"],
  ["0.05", "USD", 5n, "0.05 USD"],
  ["500", "JPY", 500n, "500 JPY"],
  ["1.234", "KWD", 1234n, "1.234 KWD"],
  ["90071992547409.93", "EUR", 9_007_199_254_740_993n, "90071992547409.93 EUR"],
])("%s %s is %s minor units", (text, currency, minor, shown) => {
  expect(toMinor(text, currency)).toBe(minor);
  expect(formatMinor(minor, currency)).toBe(shown);
});

test.each([
  ["", "EUR"],
  ["-1", "EUR"],
  ["1e3", "EUR"],
  ["1.999", "EUR"],
  ["1.5", "JPY"],
])("%j %s is no amount", (text, currency) => {
  expect(() => toMinor(text, currency)).toThrow(/amount|decimals/);
});
