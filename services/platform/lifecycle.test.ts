import { pino } from "pino";
import { expect, test } from "vitest";
import { createLifecycle } from "./lifecycle.ts";

const log = pino({ level: "silent" });

test("releases run last in, first out, once", async () => {
  const order: string[] = [];
  const lifecycle = createLifecycle({ timeoutMs: 1000, log });
  lifecycle.onStop("pool", () => order.push("pool"));
  lifecycle.onStop("server", async () => order.push("server"));
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(order).toEqual(["server", "pool"]);
});

test("a release that fails or hangs is reported and does not keep the others from running", async () => {
  const order: string[] = [];
  const lifecycle = createLifecycle({ timeoutMs: 60, log });
  lifecycle.onStop("first", () => order.push("first"));
  lifecycle.onStop("hangs", () => new Promise(() => {}));
  lifecycle.onStop("throws", () => {
    throw new Error("planted");
  });
  const report = await lifecycle.stop();
  expect(report.failed).toEqual(["throws", "hangs"]);
  expect(order).toEqual(["first"]);
});

test("what is acquired while stopping is released at once", async () => {
  const lifecycle = createLifecycle({ timeoutMs: 1000, log });
  await lifecycle.stop();
  const released = new Promise((resolve) => lifecycle.onStop("late", () => resolve("released")));
  await expect(released).resolves.toBe("released");
});
