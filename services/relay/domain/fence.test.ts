import { expect, test } from "vitest";
import { createFence } from "./fence.ts";

test("it is open only for as long as was granted last, and shut at once when closed", () => {
  let now = 0;
  const fence = createFence(() => now);
  expect(fence.isOpen).toBe(false);
  fence.extend(100);
  expect(fence.isOpen).toBe(true);
  fence.extend(50);
  now = 99;
  expect(fence.isOpen).toBe(true);
  now = 100;
  expect(fence.isOpen).toBe(false);
  fence.extend(200);
  expect(fence.isOpen).toBe(true);
  fence.close();
  expect(fence.isOpen).toBe(false);
});
