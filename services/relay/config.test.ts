import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "../platform/config.ts";
import { configSchema } from "./config.ts";

const required = { DATABASE_URL: "postgres://relay@db/orders" };

test("routes and the table are read from their short forms", () => {
  const config = loadConfig(configSchema, {
    ...required,
    RELAY_TOPICS: "order=orders-events, parcel=parcels.events",
    RELAY_TABLE: "shop.outbox",
  });
  expect([...config.RELAY_TOPICS]).toEqual([
    ["order", "orders-events"],
    ["parcel", "parcels.events"],
  ]);
  expect(config.RELAY_TABLE).toEqual({ schema: "shop", name: "outbox" });
  expect(loadConfig(configSchema, required).RELAY_TABLE).toEqual({ schema: "public", name: "outbox" });
});

test.each([
  ["RELAY_TOPICS", "orders-events"],
  ["RELAY_TOPICS", "order=a b"],
  ["RELAY_MODE", "sometimes"],
  ["RELAY_SLOT", "Has-Capitals"],
  ["RELAY_TABLE", "a.b.c"],
  ["RELAY_QUEUE_BYTES", "many"],
  ["DATABASE_URL", "mysql://db"],
])("%s=%s is refused by name", (variable, value) => {
  const faults = () => loadConfig(configSchema, { ...required, [variable]: value });
  expect(faults).toThrow(ConfigError);
  expect(faults).toThrow(new RegExp(`^${variable}: `));
});
