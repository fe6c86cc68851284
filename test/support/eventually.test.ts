import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";

test("eventually returns what the assertion returns once it stops throwing", async () => {
  let attempts = 0;
  const result = await eventually(
    () => {
      attempts += 1;
      if (attempts < 3) throw new Error("not yet");
      return attempts;
    },
    { intervalMs: 1 },
  );
  expect(result).toBe(3);
});

test("eventually throws the last error when the time is over", async () => {
  const never = () => Promise.reject(new Error("never holds"));
  await expect(eventually(never, { timeoutMs: 20, intervalMs: 1 })).rejects.toThrow("never holds");
});
