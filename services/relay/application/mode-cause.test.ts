import { expect, test } from "vitest";
import { causeOf } from "./mode-cause.ts";
import { RelayError } from "./relay-error.ts";

test("a fault that keeps the WAL from being read has a code, and what is said of it", () => {
  expect(causeOf(new RelayError("WAL_LEVEL", "wal_level is replica"))).toEqual({
    code: "wal_level",
    text: "wal_level is replica",
  });
});

test.each([
  ["an error of a driver", new Error("connection terminated")],
  ["a fault of another kind", new RelayError("TOPIC_MISSING", "connection terminated")],
  ["what is no error", "connection terminated"],
])("%s has no code of its own", (_, error) => {
  expect(causeOf(error)).toEqual({ code: "other", text: "connection terminated" });
});
