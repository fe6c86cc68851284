import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { CreateOrderRequestSchema } from "../gen/orders/v1/order_service_pb.ts";
import { type Door, type OrderRequest, openDoors, Refused } from "./testing/doors.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

let database: TestDatabase;
let pool: pg.Pool;
let api: ApiUnderTest;
let doors: Readonly<Record<string, Door>>;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  api = await startApi(database.apiUrl, { SHUTDOWN_TIMEOUT_MS: "2000" });
  doors = openDoors(api);
  await eventually(async () => expect((await fetch(`${api.opsUrl}/readyz`)).status).toBe(200));
});

afterAll(async () => {
  await api.stop();
  await pool.end();
  await database.drop();
});

const order = (over: OrderRequest = {}) =>
  create(CreateOrderRequestSchema, {
    customerId: "customer-1",
    pickupPointId: "Пункт выдачи №5 — 東京",
    currency: "EUR",
    lines: [{ sku: "sku-1", quantity: 2n, unitPriceMinor: 9_007_199_254_740_993n }],
    ...over,
  });

const door = (name: string) => doors[name] as Door;
const doorNames = ["REST", "gRPC", "gRPC-Web", "Connect", "Connect over HTTP/2"];

const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
  fetch(`${api.restUrl}/orders`, { method: "POST", headers, body });

async function rowsOf(orderId: string) {
  const { rows } = await pool.query(
    `select o.*, e.id as event_id, e.event_type, e.aggregate_type, e.aggregate_version, e.payload::text as payload, e.headers,
            e.transaction_id::text = pg_snapshot_xmin((o.xmin::text || ':' || o.xmin::text || ':')::pg_snapshot)::text as same_transaction
       from orders o join outbox e on e.aggregate_id = o.id::text where o.id = $1`,
    [orderId],
  );
  return rows;
}

describe.each(doorNames)("through %s", (name) => {
  test("an order is created with its event in the same transaction, and read back as it was stored", async () => {
    const created = await door(name).create(order());
    expect(created).toMatchObject({
      customerId: "customer-1",
      pickupPointId: "Пункт выдачи №5 — 東京",
      totalMinor: 18_014_398_509_481_986n,
      version: 1n,
    });
    expect(await door(name).get(created.id)).toEqual(created);
    const rows = await rowsOf(created.id);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      aggregate_type: "order",
      aggregate_version: "1",
      event_type: "OrderCreated",
      same_transaction: true,
    });
    expect(JSON.parse(rows[0].payload)).toEqual({
      order: {
        id: created.id,
        customerId: "customer-1",
        pickupPointId: "Пункт выдачи №5 — 東京",
        currency: "EUR",
        lines: [{ sku: "sku-1", quantity: "2", unitPriceMinor: "9007199254740993" }],
        totalMinor: "18014398509481986",
        version: "1",
        status: "ORDER_STATUS_CREATED",
        createdAt: rows[0].created_at.toISOString(),
      },
    });
  });

  test.each<[string, OrderRequest, RegExp]>([
    ["no customer", { customerId: "" }, /customer_?Id/i],
    ["a customer of 65 characters", { customerId: "x".repeat(65) }, /customer_?Id/i],
    ["a zero character", { pickupPointId: "a\0b" }, /pickup_?Point_?Id/i],
    ["a currency in lower case", { currency: "eur" }, /currency/],
    ["no lines", { lines: [] }, /lines/],
    ["too many lines", { lines: Array.from({ length: 101 }, () => ({ sku: "a", quantity: 1n })) }, /lines/],
    ["a quantity of zero", { lines: [{ sku: "a", quantity: 0n }] }, /lines.*quantity/],
    [
      "a negative price",
      { lines: [{ sku: "a", quantity: 1n, unitPriceMinor: -1n }] },
      /lines.*unit_?Price_?Minor/i,
    ],
    [
      "a total beyond int64",
      { lines: [{ sku: "a", quantity: 2n ** 62n, unitPriceMinor: 4n }] },
      /lines.*quantity/,
    ],
  ])("%s is refused by the field's name, and nothing is stored", async (_, over, field) => {
    const before = await pool.query("select count(*) from orders");
    const refused = door(name).create(order(over));
    await expect(refused).rejects.toThrow(Refused);
    await expect(refused).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(field),
    });
    expect((await pool.query("select count(*) from orders")).rows).toEqual(before.rows);
  });

  test("an unknown order is not found, and an id that is no UUID is refused", async () => {
    await expect(door(name).get(randomUUID())).rejects.toMatchObject({ code: "not_found" });
    await expect(door(name).get("not-a-uuid")).rejects.toMatchObject({ code: "invalid_argument" });
  });
});

describe("either both rows or neither", () => {
  const counts = async () =>
    (
      await pool.query(
        "select (select count(*) from orders) as orders, (select count(*) from outbox) as outbox",
      )
    ).rows;

  test.each(["REST", "gRPC"])("when the insert into the outbox fails (%s)", async (name) => {
    const before = await counts();
    await pool.query("revoke insert on outbox from orders_api");
    try {
      await expect(door(name).create(order())).rejects.toMatchObject({
        code: expect.stringMatching(/500|internal/),
      });
    } finally {
      await pool.query("grant insert on outbox to orders_api");
    }
    expect(await counts()).toEqual(before);
    await door(name).create(order());
  });

  test.each(["REST", "gRPC"])("when the commit fails (%s)", async (name) => {
    const before = await counts();
    await pool.query(`
      create function refuse_commit() returns trigger language plpgsql as $$ begin raise 'planted'; end $$;
      create constraint trigger refuse_commit after insert on orders deferrable initially deferred
        for each row execute function refuse_commit()`);
    try {
      await expect(door(name).create(order())).rejects.toMatchObject({
        code: expect.stringMatching(/500|internal/),
      });
    } finally {
      await pool.query("drop function refuse_commit cascade");
    }
    expect(await counts()).toEqual(before);
  });

  test("a serialization failure is tried again and then succeeds, with one pair of rows", async () => {
    const before = await counts();
    await pool.query(`
      create sequence tries;
      grant usage on sequence tries to orders_api;
      create function fail_twice() returns trigger language plpgsql as $$
        begin
          if nextval('tries') < 3 then raise 'planted' using errcode = '40001'; end if;
          return new;
        end $$;
      create trigger fail_twice before insert on orders for each row execute function fail_twice()`);
    try {
      await door("REST").create(order());
    } finally {
      await pool.query("drop function fail_twice cascade; drop sequence tries");
    }
    const [after] = await counts();
    expect(Number(after.orders)).toBe(Number(before[0].orders) + 1);
    expect(Number(after.outbox)).toBe(Number(before[0].outbox) + 1);
  });
});

test("the caller's trace context goes into the outbox row, anything else in its place does not", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const body = JSON.stringify({
    customerId: "c",
    pickupPointId: "p",
    currency: "EUR",
    lines: [{ sku: "s", quantity: 1 }],
  });
  for (const [header, expected] of [
    [traceparent, { traceparent, tracestate: "vendor=1" }],
    ["garbage", {}],
  ] as const) {
    const headers = { "content-type": "application/json", traceparent: header, tracestate: "vendor=1" };
    const response = await post(body, headers);
    const { id } = (await response.json()) as { id: string };
    expect((await rowsOf(id))[0].headers).toEqual(expected);
  }
});

test("an RPC message larger than the limit is refused before it is read", async () => {
  const lines = [{ sku: "a", quantity: 1n, unitPriceMinor: 1n }];
  const refused = door("gRPC").create(order({ customerId: "x".repeat(1_100_000), lines }));
  await expect(refused).rejects.toMatchObject({ code: "resource_exhausted" });
});

test("both doors and the database show in /metrics and /readyz, by route pattern", async () => {
  await door("REST")
    .get(randomUUID())
    .catch(() => {});
  await door("gRPC")
    .get(randomUUID())
    .catch(() => {});
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(
    /http_server_request_duration_seconds_count\{.*http_route="\/orders\/:id".*404.*\} \d+/,
  );
  expect(metrics).toMatch(
    /rpc_server_call_duration_seconds_count\{rpc_method="orders.v1.OrderService\/GetOrder",protocol="grpc",code="not_found"\} \d+/,
  );
  for (const path of ["/healthz", "/livez", "/readyz"]) {
    expect((await fetch(`${api.restUrl}${path}`)).status).toBe(200);
  }
});

test("a stop lets the request in flight finish, and takes no new one", async () => {
  const stopping = await startApi(database.apiUrl);
  const blocker = await pool.connect();
  await blocker.query("begin; lock table orders in exclusive mode");
  const answer = openDoors(stopping).REST?.create(order());
  await eventually(async () => {
    const { rows } = await pool.query(
      "select 1 from pg_locks where not granted and relation = 'orders'::regclass",
    );
    expect(rows).toHaveLength(1);
  });
  const stopped = stopping.stop();
  await eventually(() => expect(fetch(`${stopping.restUrl}/livez`)).rejects.toThrow());
  await blocker.query("commit");
  blocker.release();
  await expect(answer).resolves.toMatchObject({ customerId: "customer-1" });
  await stopped;
});

test("a port in use is an error that names it", async () => {
  const port = new URL(api.restUrl).port;
  await expect(startApi(database.apiUrl, { API_PORT: port })).rejects.toThrow(`port ${port}`);
});
