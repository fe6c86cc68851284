import { randomUUID } from "node:crypto";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { redisUrl } from "../../test/support/redis.ts";
import { OrderService } from "../gen/orders/v1/order_service_pb.ts";
import { openDoors } from "./testing/doors.ts";
import { type Issuer, startIssuer } from "./testing/issuer.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

const order = { customerId: "c-1", pickupPointId: "p", currency: "EUR", lines: [{ sku: "s", quantity: 1n }] };
const rpcPath = "orders.v1.OrderService/CreateOrder";

let database: TestDatabase;
let issuer: Issuer;
let api: ApiUnderTest;

beforeAll(async () => {
  database = await createTestDatabase();
  issuer = await startIssuer();
  api = await startApi(database.apiUrl, issuer.variables);
});

afterAll(async () => {
  await api.stop();
  await issuer.close();
  await database.drop();
});

const post = (path: string, headers: Record<string, string>, body = "{") =>
  fetch(`${api.restUrl}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

test.each(["orders", rpcPath])(
  "the body of a request to /%s is not looked at before its token",
  async (path) => {
    expect((await post(path, {})).status).toBe(401);
    const reader = await issuer.token({ scope: "orders:read" });
    expect((await post(path, { authorization: `Bearer ${reader}` })).status).toBe(403);
    const writer = await issuer.token({ scope: "orders:write" });
    expect((await post(path, { authorization: `Bearer ${writer}` })).status).toBe(400);
  },
);

describe.each(["orders", rpcPath])("WWW-Authenticate of /%s (RFC 6750)", (path) => {
  const challenge = async (headers: Record<string, string>) =>
    (await post(path, headers)).headers.get("www-authenticate");

  test("who has no token is told that one is needed, and no more", async () => {
    expect(await challenge({})).toBe('Bearer realm="orders"');
  });

  test("who has an invalid one is told why", async () => {
    const authorization = `Bearer ${await issuer.token({ exp: 1 })}`;
    expect(await challenge({ authorization })).toBe(
      'Bearer realm="orders", error="invalid_token", error_description="the token has expired"',
    );
  });

  test("who may not do it is told the scope", async () => {
    const authorization = `Bearer ${await issuer.token({ scope: "orders:read" })}`;
    expect(await challenge({ authorization })).toMatch(
      /^Bearer realm="orders", error="insufficient_scope", .*scope="orders:write"$/,
    );
  });
});

test("over gRPC the challenge comes with the status", async () => {
  const client = createClient(OrderService, createGrpcTransport({ baseUrl: api.grpcUrl }));
  const error = ConnectError.from(await client.createOrder(order).catch((reason: unknown) => reason));
  expect([error.code, error.metadata.get("www-authenticate")]).toEqual([
    Code.Unauthenticated,
    'Bearer realm="orders"',
  ]);
});

test("a read by Connect GET, and a stream, are guarded as well", async () => {
  const transport = createConnectTransport({ baseUrl: api.restUrl, httpVersion: "1.1", useHttpGet: true });
  const client = createClient(OrderService, transport);
  const unauthenticated = { code: Code.Unauthenticated };
  await expect(client.getOrder({ id: randomUUID() })).rejects.toMatchObject(unauthenticated);
  for (const grpc of [transport, createGrpcTransport({ baseUrl: api.grpcUrl })]) {
    const watch = createClient(OrderService, grpc).watchOrder({ id: randomUUID() });
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject(unauthenticated);
  }
});

test("probes need no token", async () => {
  await eventually(async () => expect((await fetch(`${api.restUrl}/readyz`)).status).toBe(200));
  for (const path of ["livez", "healthz"]) expect((await fetch(`${api.restUrl}/${path}`)).status).toBe(200);
});

test("refusals are counted by their code, and calls by their method", async () => {
  await openDoors(api)
    .gRPC?.create(order)
    .catch(() => {});
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/orders_requests_refused_total\{code="unauthenticated"\} \d+/);
  expect(metrics).toMatch(
    /rpc_server_call_duration_seconds_count\{.*CreateOrder",protocol="grpc",code="unauthenticated".*\} \d+/,
  );
  expect(metrics).toMatch(/orders_signing_key_loads_total\{result="succeeded"\} 1\n/);
});

test("the same idempotency key of two callers is two keys, also when one calls itself anonymous", async () => {
  const open = await startApi(database.apiUrl);
  onTestFinished(() => open.stop());
  const requestId = randomUUID();
  const scope = "orders:write";
  const create = async ({ grpcUrl }: ApiUnderTest, token?: string) => {
    const answer = await openDoors({ restUrl: "", grpcUrl }, token).gRPC?.create({ ...order, requestId });
    return answer?.id;
  };
  const ids = [
    await create(open),
    await create(api, await issuer.token({ sub: "anonymous", scope })),
    await create(api, await issuer.token({ sub: "other", scope })),
  ];
  expect(new Set(ids).size).toBe(3);
  // A new token of the same caller is the same caller.
  expect(await create(api, await issuer.token({ sub: "other", scope, jti: "another" }))).toBe(ids[2]);
});

test("without the issuer's keys callers are told to try again, not that they are nobody", async () => {
  const lost = await startIssuer();
  onTestFinished(() => lost.close());
  lost.breakWith({ status: 500, body: "" });
  const waiting = await startApi(database.apiUrl, lost.variables);
  onTestFinished(() => waiting.stop());
  const doors = openDoors(waiting, await lost.token({ scope: "orders:write" }));
  for (const name of ["REST", "gRPC", "Connect"]) {
    await expect(doors[name]?.create(order)).rejects.toMatchObject({ code: "unavailable" });
  }
  const readiness = await (await fetch(`${waiting.opsUrl}/readyz`)).json();
  expect(readiness).toMatchObject({ reasons: { "signing keys": expect.stringContaining("status 500") } });
  lost.breakWith(undefined);
  await eventually(() => doors.gRPC?.create(order));
  await eventually(async () => expect((await fetch(`${waiting.opsUrl}/readyz`)).status).toBe(200));
});

test("a caller that asks too often is refused through every door, and the others are not", async () => {
  const limited = await startApi(database.apiUrl, {
    ...issuer.variables,
    REDIS_URL: redisUrl(),
    API_RATE_LIMIT_PER_SECOND: "1",
    API_RATE_LIMIT_BURST: "1",
  });
  onTestFinished(() => limited.stop());
  const scope = "orders:write";
  const sub = randomUUID();
  const doors = openDoors(limited, await issuer.token({ sub, scope }));
  for (const name of Object.keys(doors)) {
    // It is let in now and then, and before the connection to Redis is there.
    await eventually(() =>
      expect(doors[name]?.create(order)).rejects.toMatchObject({ code: "resource_exhausted" }),
    );
  }
  const others = openDoors(limited, await issuer.token({ sub: randomUUID(), scope }));
  await expect(others.gRPC?.create(order)).resolves.toBeDefined();
});
