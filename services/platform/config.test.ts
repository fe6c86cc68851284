import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError, loadConfig, redactConfig, variable } from "./config.ts";

const schema = z.object({
  DATABASE_URL: variable.url("postgres:", "postgresql:"),
  OPS_PORT: variable.port().default(9464),
  KAFKA_BROKERS: variable.list().default(["localhost:9092"]),
});

test("defaults fill what is unset or empty", () => {
  expect(loadConfig(schema, { DATABASE_URL: "postgres://db/orders", OPS_PORT: "" })).toEqual({
    DATABASE_URL: "postgres://db/orders",
    OPS_PORT: 9464,
    KAFKA_BROKERS: ["localhost:9092"],
  });
});

test("all faults come at once, by the variable's name, and never show a value", () => {
  const load = () => loadConfig(schema, { OPS_PORT: "none-secret", KAFKA_BROKERS: "a:1,,b:2" });
  expect(load).toThrow(ConfigError);
  try {
    load();
  } catch (error) {
    const faults = (error as ConfigError).faults;
    expect(faults.map((fault) => fault.variable).sort()).toEqual([
      "DATABASE_URL",
      "KAFKA_BROKERS",
      "OPS_PORT",
    ]);
    expect((error as ConfigError).message).not.toContain("secret");
    expect(faults.find((fault) => fault.variable === "DATABASE_URL")?.problem).toBe("is required");
  }
});

test("the result cannot be changed", () => {
  const config = loadConfig(schema, { DATABASE_URL: "postgres://db/orders" });
  expect(() => Object.assign(config, { OPS_PORT: 1 })).toThrow(TypeError);
});

test("a map is shown with what it holds", () => {
  const topics = new Map([["order", "orders-events"]]);
  expect(JSON.stringify(redactConfig({ RELAY_TOPICS: topics }))).toBe(
    '{"RELAY_TOPICS":{"order":"orders-events"}}',
  );
});

test("secrets in URLs are redacted, the rest stays readable", () => {
  expect(
    redactConfig({ DATABASE_URL: "postgres://relay:pa55@db:5432/orders?sslpassword=x", OPS_PORT: 1 }),
  ).toEqual({
    DATABASE_URL: "postgres://***:***@db:5432/orders?***",
    OPS_PORT: 1,
  });
});
