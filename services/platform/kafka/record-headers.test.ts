import { expect, test } from "vitest";
import { createByteWriter } from "./byte-writer.ts";
import { ABSENT, findHeaders, headersByName, NULL, REPEATED } from "./record-headers.ts";

function written(headers: readonly (readonly [name: string, value: string | null])[]): Buffer {
  const writer = createByteWriter(100);
  writer.varint(headers.length);
  for (const [name, value] of headers) {
    writer.text(name);
    if (value === null) writer.varint(-1);
    else writer.text(value);
  }
  return Buffer.from(writer.from(0));
}

test("headers are found by their whole name, and what stands in the way does not matter", () => {
  const long = "v".repeat(70);
  const headers = written([
    ["ce_id", long],
    ["xe_id", "another"],
    ["ce_ix", "another"],
    ["empty", ""],
    ["nothing", null],
    ["twice", "a"],
    ["twice", "b"],
    ["ключ", "значение"],
  ]);
  const names = ["ce_id", "empty", "nothing", "twice", "missing", "ключ"].map((name) => Buffer.from(name));
  const found = findHeaders(headers, names);
  const text = (i: number) => headers.toString("utf8", found[2 * i], found[2 * i + 1]);
  expect([text(0), text(1), text(5)]).toEqual([long, "", "значение"]);
  expect([found[4], found[6], found[8]]).toEqual([NULL, REPEATED, ABSENT]);
});

test("headers whose names JavaScript knows are headers like any other, and several of one name are a list", () => {
  const names = ["constructor", "__proto__", "toString"];
  const byName = headersByName(written([...names, ...names].map((name, i) => [name, i > 2 ? null : "a"])));
  expect(Object.entries(byName)).toEqual(names.map((name) => [name, [Buffer.from("a"), null]]));
});

test("headers that are cut short are an error, and not fewer headers", () => {
  const whole = written([["name", "value"]]);
  for (let length = 0; length < whole.length; length++) {
    expect(() => findHeaders(whole.subarray(0, length), [])).toThrow(RangeError);
    expect(() => headersByName(whole.subarray(0, length))).toThrow(RangeError);
  }
});
