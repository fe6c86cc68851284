import { expect, test } from "vitest";
import { faultsOf } from "../../test/support/config-faults.ts";
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

test("columns that the table has under other names are read, and all that is wrong with them is told at once", () => {
  const columns = (text: string) => () => loadConfig(configSchema, { ...required, RELAY_COLUMNS: text });
  expect(columns("aggregate_type=aggregatetype, event_type=type")().RELAY_COLUMNS).toEqual({
    aggregate_type: "aggregatetype",
    event_type: "type",
  });
  // Two that swap their names are no fault.
  expect(columns("id=position,position=id")().RELAY_COLUMNS).toEqual({ id: "position", position: "id" });
  expect(columns("")().RELAY_COLUMNS).toBeUndefined();
  const faults = faultsOf(
    columns("aggregatetype=aggregate_type,event_type=type,event_type=kind,id=i d,payload=headers,position"),
  );
  expect(faults.map(({ variable }) => variable)).toEqual(Array(5).fill("RELAY_COLUMNS"));
  expect(faults.map(({ problem }) => problem)).toEqual([
    expect.stringMatching(/^"aggregatetype" is no column of the outbox; say one of position, id, /),
    "event_type is named twice, type and kind; leave one out",
    expect.stringMatching(/^"id=i d" must be column=name/),
    expect.stringMatching(/^"position" must be column=name/),
    "headers would be payload and headers; name another column for one of them",
  ]);
});
