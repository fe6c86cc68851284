import { expect, test } from "vitest";
import { readIdempotencyKey } from "./idempotency-key.ts";

test.each([
  [undefined, undefined],
  ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ["a", "a"],
  ["x".repeat(255), "x".repeat(255)],
  [`"${"x".repeat(255)}"`, "x".repeat(255)],
  [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
])("%s is the key %s", (header, key) => {
  expect(readIdempotencyKey(header)).toBe(key);
});

test.each([
  "",
  '""',
  '"',
  '"a',
  '"a\\"',
  '"a\\b"',
  '"a"b"',
  '"a b"',
  "a b",
  "ключ",
  '"a"; b=1',
  "x".repeat(256),
  `"${"x".repeat(256)}"`,
])("%s is refused by the header's name", (header) => {
  expect(() => readIdempotencyKey(header)).toThrow(
    expect.objectContaining({
      code: "INVALID_REQUEST",
      errors: [expect.objectContaining({ header: "Idempotency-Key" })],
    }),
  );
});
