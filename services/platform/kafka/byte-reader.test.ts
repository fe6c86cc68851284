import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { createByteWriter } from "./byte-writer.ts";

const Encoder = createRequire(import.meta.url)("kafkajs/src/protocol/encoder.js");

test("a varint of any length reads as it was written", () => {
  for (const bits of [0, 6, 7, 13, 14, 20, 21, 27, 28, 31]) {
    for (const value of [2 ** bits - 1, 2 ** bits, -(2 ** bits), -(2 ** bits) - 1]) {
      if (value !== (value | 0)) continue;
      const writer = createByteWriter(1);
      writer.varint(value);
      const written = Buffer.from(writer.from(0));
      expect(new ByteReader(written).varint()).toBe(value);
      expect(new ByteReader(written).varlong()).toBe(value);
    }
  }
});

test("a difference of times past 32 bits is exact", () => {
  for (const difference of [1_790_000_000_000, -1_790_000_000_000, 2 ** 52, -(2 ** 52)]) {
    const { buffer } = new Encoder().writeVarLong(String(difference));
    expect(new ByteReader(buffer).varlong()).toBe(difference);
  }
});

test.each([
  ["varint", ""],
  ["varint", "80"],
  ["varint", "ffffffffffff"],
  ["varlong", "ff"],
  ["varlong", "ffffffffffffffffffffff"],
  ["field", "08616263"],
] as const)("a %s that goes past the end, or on for ever, is refused: %s", (what, hex) => {
  expect(() => new ByteReader(Buffer.from(hex, "hex"))[what]()).toThrow(RangeError);
});
