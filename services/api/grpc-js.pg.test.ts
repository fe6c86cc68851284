import { connect } from "node:http2";
import { join } from "node:path";
import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

/** gRPC's own client for Node, which shares no code with the server and has nothing but the contract's files. */
const root = join(import.meta.dirname, "..", "..");
const definition = loadSync(
  [
    "orders/v1/order_service.proto",
    "grpc/health/v1/health.proto",
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
  ],
  { includeDirs: [join(root, "proto"), join(root, "third_party")], longs: String, enums: String },
);

type Reply = Record<string, unknown>;
type Callback = (error: ServiceError | null, reply?: Reply) => void;
type Unary = (
  request: object,
  metadata: Metadata,
  options: { deadline?: number },
  callback: Callback,
) => { cancel(): void };

let database: TestDatabase;
let api: ApiUnderTest;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.apiUrl);
  await eventually(async () => expect((await fetch(`${api.opsUrl}/readyz`)).status).toBe(200));
});

afterAll(async () => {
  await api.stop();
  await database.drop();
});

function clientOf(service: string, { grpcUrl }: Pick<ApiUnderTest, "grpcUrl"> = api) {
  let at = loadPackageDefinition(definition) as Reply;
  for (const part of service.split(".")) at = at[part] as Reply;
  const Client = at as unknown as ServiceClientConstructor;
  const client = new Client(new URL(grpcUrl).host, credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

/** Calls a unary method; `started` gets the call while it runs. */
function call(
  method: string,
  request: object,
  {
    timeoutMs,
    metadata,
    started,
  }: { timeoutMs?: number; metadata?: Metadata; started?: (call: { cancel(): void }) => void } = {},
): Promise<Reply> {
  const client = clientOf("orders.v1.OrderService") as unknown as Record<string, Unary>;
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  const running = client[method]?.(request, metadata ?? new Metadata(), options, (error, reply) => {
    if (error) reject(error);
    else resolve(reply as Reply);
  });
  if (running) started?.(running);
  return promise;
}

const order = {
  customerId: "c",
  pickupPointId: "Пункт выдачи №5",
  currency: "EUR",
  lines: [{ sku: "s", quantity: "2", unitPriceMinor: "9007199254740993" }],
};

function decode(type: string, bytes: Buffer): Reply {
  return (definition[type] as MessageTypeDefinition<object, object>).deserialize(bytes) as Reply;
}

/** What `grpc-status-details-bin` has, by type. */
function detailsOf({ metadata }: ServiceError): Record<string, Reply> {
  const [bytes] = metadata.get("grpc-status-details-bin");
  const { details } = decode("google.rpc.Status", bytes as Buffer) as {
    details: { type_url: string; value: Buffer }[];
  };
  return Object.fromEntries(
    details.flatMap(({ type_url, value }) => {
      const type = type_url.slice(type_url.indexOf("/") + 1);
      return type in definition ? [[type, decode(type, value)]] : [];
    }),
  );
}

test("an order is created, led on and read, its amounts exact", async () => {
  const { order: created } = (await call("createOrder", order)) as { order: Reply };
  expect(created).toMatchObject({
    totalMinor: "18014398509481986",
    version: "1",
    status: "ORDER_STATUS_CREATED",
  });
  const ready = await call("markOrderReady", { id: created.id, expectedVersion: "1" });
  expect(ready.order).toMatchObject({ version: "2", status: "ORDER_STATUS_READY" });
  expect((await call("getOrder", { id: created.id })).order).toEqual(ready.order);
  const { orders } = (await call("listOrders", { customerId: "c" })) as { orders: Reply[] };
  expect(orders).toContainEqual(ready.order);
});

describe("a refusal", () => {
  const refusal = async (reply: Promise<unknown>) =>
    (await reply.catch((error: unknown) => error)) as ServiceError;

  test("of wrong fields names each by its path", async () => {
    const error = await refusal(
      call("createOrder", { ...order, currency: "eur", lines: [{ sku: "", quantity: "1" }] }),
    );
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    const details = detailsOf(error);
    expect(details["google.rpc.ErrorInfo"]).toMatchObject({ reason: "INVALID_REQUEST", domain: "orders" });
    expect(details["google.rpc.BadRequest"]).toMatchObject({
      fieldViolations: [{ field: "currency" }, { field: "lines[0].sku" }],
    });
  });

  test("by the order's state has its reason and the caller's trace id", async () => {
    const { order: created } = (await call("createOrder", order)) as { order: Reply };
    const metadata = new Metadata();
    metadata.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    const error = await refusal(call("issueOrder", { id: created.id }, { metadata }));
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(detailsOf(error)).toMatchObject({
      "google.rpc.ErrorInfo": { reason: "TRANSITION_NOT_ALLOWED" },
      "google.rpc.RequestInfo": { requestId: "0af7651916cd43dd8448eb211c80319c" },
    });
  });
});

describe("while the table is locked", () => {
  let owner: pg.Client;

  beforeAll(async () => {
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query("begin; lock table orders in exclusive mode");
  });

  afterAll(() => owner.end());

  test("a call ends with its deadline", async () => {
    await expect(call("createOrder", order, { timeoutMs: 300 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
  });

  test("a call ends when it is cancelled", async () => {
    await expect(
      call("createOrder", order, { started: (running) => running.cancel() }),
    ).rejects.toMatchObject({
      code: status.CANCELLED,
    });
  });
});

test("a deadline longer than the server grants is refused", async () => {
  await expect(call("getOrder", {}, { timeoutMs: 60_000 })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
  });
});

test("a connection is asked to go when it is old, and a client that calls on does not notice", async () => {
  const aging = await startApi(database.apiUrl, { API_CONNECTION_MAX_AGE_MS: "200" });
  onTestFinished(() => aging.stop());
  const client = clientOf("orders.v1.OrderService", aging) as unknown as Record<string, Unary>;
  const list = () =>
    new Promise<void>((resolve, reject) => {
      client.listOrders?.({}, new Metadata(), {}, (error) => (error ? reject(error) : resolve()));
    });
  for (let connection = 0; connection < 3; connection += 1) {
    // As old as the client's own, or younger.
    const session = connect(aging.grpcUrl);
    const old = Promise.withResolvers<number>();
    session.once("goaway", old.resolve);
    let isOld = false;
    void old.promise.then(() => {
      isOld = true;
    });
    while (!isOld) await list();
    expect(await old.promise).toBe(0);
    session.destroy();
  }
});

describe("grpc.health.v1", () => {
  const check = (service: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const client = clientOf("grpc.health.v1.Health") as unknown as {
      check(request: object, callback: Callback): void;
    };
    client.check({ service }, (error, reply) => (error ? reject(error) : resolve(reply as Reply)));
    return promise;
  };

  test.each(["", "orders.v1.OrderService"])("%j is serving", async (service) => {
    expect(await check(service)).toEqual({ status: "SERVING" });
  });

  test("another service is not found", async () => {
    await expect(check("nobody.v1.Service")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  test("a watch is told that the server stops, and does not hold it up", async () => {
    const stopping = await startApi(database.apiUrl);
    await eventually(async () => expect((await fetch(`${stopping.opsUrl}/readyz`)).status).toBe(200));
    const client = clientOf("grpc.health.v1.Health", stopping) as unknown as {
      watch(request: object): ClientReadableStream<Reply>;
    };
    const statuses: unknown[] = [];
    const stream = client.watch({ service: "" }).on("data", (reply: Reply) => statuses.push(reply.status));
    const ended = new Promise((resolve) => stream.on("end", resolve));
    await eventually(() => expect(statuses).toEqual(["SERVING"]));
    await stopping.stop();
    await ended;
    expect(statuses).toEqual(["SERVING", "NOT_SERVING"]);
  });
});
