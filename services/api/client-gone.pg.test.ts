import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";
import { create, toJsonString } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { CreateOrderRequestSchema, OrderService } from "../gen/orders/v1/order_service_pb.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

let database: TestDatabase;
let pool: pg.Pool;
let api: ApiUnderTest;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  // One connection: while a call holds it, nobody else is served.
  api = await startApi(database.apiUrl, { DATABASE_POOL_SIZE: "1", DATABASE_TIMEOUT_MS: "60000" });
});

afterAll(async () => {
  await api.stop();
  await pool.end();
  await database.drop();
});

const order = create(CreateOrderRequestSchema, {
  customerId: "c",
  pickupPointId: "p",
  currency: "EUR",
  lines: [{ sku: "s", quantity: 1n }],
});
const body = toJsonString(CreateOrderRequestSchema, order);
const json = { "content-type": "application/json" };

/** Each sends CreateOrder and returns what makes the client go away. */
const clients: Readonly<Record<string, () => Promise<() => void>>> = {
  async REST() {
    const sent = request(`${api.restUrl}/orders`, { method: "POST", headers: json }).end(body);
    sent.on("error", () => {});
    return () => sent.destroy();
  },
  async "REST over HTTP/2"() {
    const session = connect(api.grpcUrl);
    await once(session, "connect");
    const stream = session.request({ ":method": "POST", ":path": "/orders", ...json });
    stream.on("error", () => {});
    stream.end(body);
    return () => session.destroy();
  },
  gRPC: async () => abortable(createGrpcTransport({ baseUrl: api.grpcUrl })),
  Connect: async () => abortable(createConnectTransport({ baseUrl: api.restUrl, httpVersion: "1.1" })),
};

function abortable(transport: Parameters<typeof createClient>[1]): () => void {
  const caller = new AbortController();
  createClient(OrderService, transport)
    .createOrder(order, { signal: caller.signal })
    .catch(() => {});
  return () => caller.abort();
}

async function waitingForLock(): Promise<number> {
  const { rows } = await pool.query(
    "select 1 from pg_locks where not granted and relation = 'orders'::regclass",
  );
  return rows.length;
}

const waitingInQueue = async () =>
  Number(
    /^db_client_connection_pending_requests (\d+)$/m.exec(
      await (await fetch(`${api.opsUrl}/metrics`)).text(),
    )?.[1],
  );

test.each(Object.keys(clients))(
  "a client of %s that goes away ends its statement, and leaves the queue",
  async (name) => {
    const send = clients[name] as () => Promise<() => void>;
    const before = (await pool.query("select count(*)::int as orders from orders")).rows;
    const blocker = await pool.connect();
    await blocker.query("begin; lock table orders in exclusive mode");
    try {
      const running = await send();
      await eventually(async () => expect(await waitingForLock()).toBe(1));
      const waiting = await send();
      await eventually(async () => expect(await waitingInQueue()).toBe(1));
      waiting();
      await eventually(async () => expect(await waitingInQueue()).toBe(0));
      running();
      await eventually(async () => expect(await waitingForLock()).toBe(0));
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
    // The connection is free again, and neither order was stored.
    expect((await fetch(`${api.restUrl}/orders`, { method: "POST", headers: json, body })).status).toBe(201);
    const after = (await pool.query("select count(*)::int - 1 as orders from orders")).rows;
    expect(after).toEqual(before);
  },
);
