import { expect, test } from "vitest";
import { loadConfig } from "../platform/config.ts";
import { configSchema } from "./config.ts";

test("a stop must have time left after its delay", () => {
  const load = (delay: string) =>
    loadConfig(configSchema, {
      DATABASE_URL: "postgres://db/orders",
      SHUTDOWN_TIMEOUT_MS: "5000",
      SHUTDOWN_DELAY_MS: delay,
    });
  expect(load("4999")).toMatchObject({ SHUTDOWN_DELAY_MS: 4_999, DATABASE_POOL_QUEUE: 1_000 });
  expect(() => load("5000")).toThrow("SHUTDOWN_DELAY_MS: must be less than SHUTDOWN_TIMEOUT_MS");
});
