import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { CreateOrderRequestSchema, OrderService } from "../gen/orders/v1/order_service_pb.ts";
import { type Door, openDoors } from "./testing/doors.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

let database: TestDatabase;
let api: ApiUnderTest;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.apiUrl);
});

afterAll(async () => {
  await api.stop();
  await database.drop();
});

const order = () =>
  create(CreateOrderRequestSchema, {
    customerId: "c",
    pickupPointId: "p",
    currency: "EUR",
    lines: [{ sku: "s", quantity: 1n }],
  });

function grpc({ grpcUrl }: ApiUnderTest) {
  return createClient(OrderService, createGrpcTransport({ baseUrl: grpcUrl }));
}

test("REST is served over HTTP/2 as well, on the port of gRPC", async () => {
  const session = connect(api.grpcUrl);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/orders",
    "content-type": "application/json",
  });
  stream.end('{"customerId":"c","pickupPointId":"p","currency":"EUR","lines":[{"sku":"s","quantity":"1"}]}');
  const [headers] = await once(stream, "response");
  expect(headers[":status"]).toBe(201);
  expect(JSON.parse(await text(stream))).toMatchObject({ customerId: "c", version: "1" });
});

test("a deadline that passes ends the call, and one that is longer than the server grants is refused", async () => {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query("begin; lock table orders in exclusive mode");
  try {
    await expect(grpc(api).createOrder(order(), { timeoutMs: 200 })).rejects.toThrow("[deadline_exceeded]");
  } finally {
    await owner.end();
  }
  await expect(grpc(api).createOrder(order(), { timeoutMs: 30_001 })).rejects.toThrow("[invalid_argument]");
  await expect(grpc(api).createOrder(order(), { timeoutMs: 30_000 })).resolves.toBeDefined();
});

test("a stop does not wait for clients that keep their connections open and ask for nothing", async () => {
  const stopping = await startApi(database.apiUrl);
  const doors = openDoors(stopping);
  for (const door of Object.values(doors)) await door.create(order());
  const before = performance.now();
  await stopping.stop();
  expect(performance.now() - before).toBeLessThan(2_000);
});

test("a stop lets the gRPC call in flight finish, and takes no new one", async () => {
  const stopping = await startApi(database.apiUrl);
  const client = grpc(stopping);
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    await owner.query("begin; lock table orders in exclusive mode");
    const answer = client.createOrder(order());
    await eventually(async () => {
      const { rows } = await owner.query(
        "select 1 from pg_locks where not granted and relation = 'orders'::regclass",
      );
      expect(rows).toHaveLength(1);
    });
    const stopped = stopping.stop();
    await eventually(() => expect(grpc(stopping).getOrder({ id: "" })).rejects.toThrow("[unavailable]"));
    await owner.query("commit");
    await expect(answer).resolves.toMatchObject({ order: { customerId: "c" } });
    await stopped;
  } finally {
    await owner.end();
  }
});

describe("a read by GET over Connect", () => {
  const get = (method: string, message: object) => {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: JSON.stringify(message) });
    return fetch(`${api.restUrl}/orders.v1.OrderService/${method}?${query}`);
  };

  test("is answered, and kept by nobody on the way", async () => {
    const { order: created } = await grpc(api).createOrder(order());
    const response = await get("GetOrder", { id: created?.id });
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "private, no-cache"]);
    expect(await response.json()).toMatchObject({ order: { id: created?.id } });
  });

  test("is not kept either when it is refused", async () => {
    const response = await get("GetOrder", { id: randomUUID() });
    expect([response.status, response.headers.get("cache-control")]).toEqual([404, "private, no-cache"]);
  });

  test("is not possible where something is changed", async () => {
    expect((await get("CreateOrder", {})).status).toBe(405);
  });
});

describe("limits", () => {
  test("headers beyond 16 KiB are refused, and an HTTP/2 connection works on", async () => {
    const padding = "x".repeat(17_000);
    expect((await fetch(`${api.restUrl}/livez`, { headers: { padding } })).status).toBe(431);

    const session = connect(api.grpcUrl);
    onTestFinished(() => session.destroy());
    const live = async (headers = {}) => {
      const [answer] = await once(session.request({ ":path": "/livez", ...headers }), "response");
      return answer[":status"];
    };
    expect(await live()).toBe(200); // the limit holds from when the client has learned of it
    await expect(live({ padding })).rejects.toThrow("NGHTTP2_ENHANCE_YOUR_CALM");
    expect(await live()).toBe(200);
  });

  test.each(["gRPC", "gRPC-Web", "Connect", "Connect over HTTP/2"])(
    "a message beyond the limit is refused through %s, and the client can go on",
    async (name) => {
      const door = openDoors(api)[name] as Door;
      const large = door.create({ ...order(), customerId: "x".repeat(3_000_000) });
      await expect(large).rejects.toMatchObject({ code: "resource_exhausted" });
      expect((await door.create(order())).version).toBe(1n);
    },
  );
});
