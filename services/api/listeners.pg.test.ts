import { once } from "node:events";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { CreateOrderRequestSchema, OrderService } from "../gen/orders/v1/order_service_pb.ts";
import { openDoors } from "./testing/doors.ts";
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
