import { expect, test } from "vitest";
import { standbyStatusUpdate } from "./standby-status-update.ts";

test("write, flush and apply carry the confirmed LSN itself, not the byte after it", () => {
  const message = standbyStatusUpdate(0x16_ffffffffn, Date.UTC(2000, 0, 1, 0, 0, 1));
  expect(message.length).toBe(34);
  expect(message.toString("latin1", 0, 1)).toBe("r");
  expect([1, 9, 17].map((at) => message.readBigUInt64BE(at))).toEqual([
    0x16_ffffffffn,
    0x16_ffffffffn,
    0x16_ffffffffn,
  ]);
  expect(message[33]).toBe(0);
});

test("the clock counts microseconds since 2000-01-01", () => {
  expect(standbyStatusUpdate(0n, Date.UTC(2000, 0, 1, 0, 0, 1)).readBigInt64BE(25)).toBe(1_000_000n);
});
