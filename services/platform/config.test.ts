import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { faultsOf } from "../../test/support/config-faults.ts";
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

test("passwords are never shown", () => {
  expect(redactConfig({ KAFKA_SASL_USERNAME: "relay", KAFKA_SASL_PASSWORD: "pa55" })).toEqual({
    KAFKA_SASL_USERNAME: "relay",
    KAFKA_SASL_PASSWORD: "***",
  });
  expect(redactConfig({ KAFKA_SASL_PASSWORD: undefined })).toEqual({ KAFKA_SASL_PASSWORD: undefined });
});

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "secret");
  writeFileSync(file, content);
  return file;
}

test("a variable can be given as a file, whose last line end does not count", () => {
  const DATABASE_URL_FILE = fileWith("postgres://relay:pa55@db/orders\n");
  const { DATABASE_URL, OPS_PORT } = loadConfig(schema, { DATABASE_URL_FILE, OPS_PORT_FILE: fileWith("1") });
  expect([DATABASE_URL, OPS_PORT]).toEqual(["postgres://relay:pa55@db/orders", 1]);
});

test.each([
  ["a file that is not there", { DATABASE_URL_FILE: "/nowhere/secret" }, "cannot be read: ENOENT"],
  [
    "a file beside the variable",
    { DATABASE_URL: "postgres://db/orders", DATABASE_URL_FILE: "/nowhere/secret" },
    "cannot be given together with DATABASE_URL",
  ],
])("%s is a fault of that variable alone, beside all others", (_, environment, problem) => {
  const load = () => loadConfig(schema, { ...environment, OPS_PORT: "x" });
  expect(faultsOf(load)).toEqual([
    { variable: "DATABASE_URL_FILE", problem },
    { variable: "OPS_PORT", problem: "must be a port, 0 to 65535" },
  ]);
});

test("what a file has in it is checked like a variable, and not shown", () => {
  const load = () => loadConfig(schema, { DATABASE_URL_FILE: fileWith("mysql://pa55") });
  expect(faultsOf(load)).toEqual([
    { variable: "DATABASE_URL", problem: "must be a URL that starts with postgres:// or postgresql://" },
  ]);
});
