import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { OrderService } from "../gen/orders/v1/order_service_pb.ts";
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

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, the test says
  readonly body: any;
}

async function ask(
  method: string,
  path: string,
  { body, ...headers }: Record<string, string> = {},
): Promise<Answer> {
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const init = { method, headers: { ...type, ...headers }, ...(body === undefined ? {} : { body }) };
  const response = await fetch(`${api.restUrl}${path}`, init);
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json$/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text ? JSON.parse(text) : text,
  };
}

const newOrder = (over: object = {}) =>
  JSON.stringify({
    customerId: "c",
    pickupPointId: "p",
    currency: "EUR",
    lines: [{ sku: "s", quantity: "1" }],
    ...over,
  });

async function createdOrder(over: object = {}): Promise<{ id: string; path: string }> {
  const { status, body } = await ask("POST", "/orders", { body: newOrder(over) });
  expect(status).toBe(201);
  return { id: body.id, path: `/orders/${body.id}` };
}

describe("an order", () => {
  test("that was created has its address, its version as ETag, and no field left out", async () => {
    const { status, headers, body } = await ask("POST", "/orders", { body: newOrder() });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/orders/${body.id}`);
    expect(headers.get("etag")).toBe('"1"');
    expect(headers.get("content-type")).toBe("application/json");
    expect(body).toMatchObject({ totalMinor: "0", version: "1", status: "ORDER_STATUS_CREATED", reason: "" });
    expect((await ask("GET", headers.get("location") as string)).body).toEqual(body);
  });

  test("is led through its states, each answer with the next version", async () => {
    const { path } = await createdOrder();
    const ready = await ask("POST", `${path}/ready`);
    expect([ready.status, ready.headers.get("etag"), ready.headers.get("content-location")]).toEqual([
      200,
      '"2"',
      path,
    ]);
    expect(ready.body).toMatchObject({ status: "ORDER_STATUS_READY", version: "2" });
    const issued = await ask("POST", `${path}/issue`, { body: "{}" });
    expect(issued.body).toMatchObject({ status: "ORDER_STATUS_ISSUED", version: "3" });
    expect((await ask("GET", path)).body).toEqual(issued.body);
  });

  test.each([
    ["return", "ORDER_STATUS_RETURNED"],
    ["cancel", "ORDER_STATUS_CANCELLED"],
  ])("takes a reason for its %s, and does without", async (transition, status) => {
    const [withReason, without] = [await createdOrder(), await createdOrder()];
    for (const { path } of [withReason, without]) await ask("POST", `${path}/ready`);
    const body = JSON.stringify({ reason: "Не подошёл размер 👟" });
    expect((await ask("POST", `${withReason.path}/${transition}`, { body })).body).toMatchObject({
      status,
      reason: "Не подошёл размер 👟",
    });
    expect((await ask("POST", `${without.path}/${transition}`)).body).toMatchObject({ status, reason: "" });
  });

  test("that is not in the right state is 409, one that is not there 404, an id that is none 400", async () => {
    const { path } = await createdOrder();
    expect(await ask("POST", `${path}/issue`)).toMatchObject({
      status: 409,
      body: { type: "/problems/transition-not-allowed" },
    });
    expect(await ask("POST", `/orders/${randomUUID()}/ready`)).toMatchObject({
      status: 404,
      body: { type: "/problems/order-not-found" },
    });
    expect(await ask("POST", "/orders/5/ready")).toMatchObject({
      status: 400,
      body: { errors: [{ parameter: "id", detail: expect.any(String) }] },
    });
  });
});

describe("a list", () => {
  test("comes in pages, the newest first, with a link to the next page", async () => {
    const customerId = randomUUID();
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await createdOrder({ customerId })).id);
    const first = await ask("GET", `/orders?customerId=${customerId}&pageSize=2`);
    expect(first.body.orders.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    const [, next = ""] = /^<(.*)>; rel="next"$/.exec(first.headers.get("link") ?? "") ?? [];
    expect(new URL(next, api.restUrl).searchParams.get("pageToken")).toBe(first.body.nextPageToken);
    const second = await ask("GET", next);
    expect(second.body).toMatchObject({ orders: [{ id: ids[2] }], nextPageToken: "" });
    expect(second.headers.has("link")).toBe(false);
  });

  test("has the orders that pass all filters, by the word that an order's status has", async () => {
    const customerId = randomUUID();
    const [ready] = [await createdOrder({ customerId }), await createdOrder({ customerId })];
    const { body } = await ask("POST", `${ready.path}/ready`);
    const found = await ask("GET", `/orders?customerId=${customerId}&pickupPointId=p&status=${body.status}`);
    expect(found.body.orders).toEqual([body]);
  });

  test.each([
    ["pageSize=many", "pageSize"],
    ["pageSize=-1", "pageSize"],
    ["pageSize=2147483648", "pageSize"],
    ["pageSize=", "pageSize"],
    ["pageToken=made-up", "pageToken"],
    [`pageToken=${"a".repeat(513)}`, "pageToken"],
    ["status=ready", "status"],
    ["status=ORDER_STATUS_UNSPECIFIED", "status"],
    [`customerId=${"x".repeat(65)}`, "customerId"],
    ["pickupPointId=%00", "pickupPointId"],
    ["customerID=c", "customerID"],
    ["customerId=a&customerId=b", "customerId"],
  ])("asked for with %s is refused by the parameter's name", async (query, parameter) => {
    expect(await ask("GET", `/orders?${query}`)).toMatchObject({
      status: 400,
      body: { type: "/problems/invalid-request", errors: [{ parameter, detail: expect.any(String) }] },
    });
  });
});

describe("a retry", () => {
  const count = async (customerId: string) =>
    (await ask("GET", `/orders?customerId=${customerId}&pageSize=200`)).body.orders.length;

  test("under the same Idempotency-Key, quoted or bare, is given the first answer again", async () => {
    const [customerId, key] = [randomUUID(), randomUUID()];
    const body = newOrder({ customerId });
    const first = await ask("POST", "/orders", { body, "idempotency-key": key });
    await ask("POST", `/orders/${first.body.id}/ready`);
    for (const form of [key, `"${key}"`]) {
      const again = await ask("POST", "/orders", { body, "idempotency-key": form });
      expect([again.status, again.body]).toEqual([201, first.body]);
      for (const header of ["etag", "location"]) {
        expect(again.headers.get(header)).toBe(first.headers.get(header));
      }
    }
    expect(await count(customerId)).toBe(1);
  });

  test("through the other door is the same request, its request_id the same key", async () => {
    const [customerId, requestId] = [randomUUID(), randomUUID()];
    const client = createClient(OrderService, createGrpcTransport({ baseUrl: api.grpcUrl }));
    const lines = [{ sku: "s", quantity: 1n }];
    const { order } = await client.createOrder({
      customerId,
      pickupPointId: "p",
      currency: "EUR",
      lines,
      requestId,
    });
    const headers = { body: newOrder({ customerId }), "idempotency-key": `"${requestId}"` };
    expect((await ask("POST", "/orders", headers)).body.id).toBe(order?.id);
    const cancelId = randomUUID();
    await client.cancelOrder({ id: order?.id ?? "", reason: "no", requestId: cancelId });
    const body = JSON.stringify({ reason: "no" });
    expect(
      await ask("POST", `/orders/${order?.id}/cancel`, { body, "idempotency-key": cancelId }),
    ).toMatchObject({ status: 200, body: { status: "ORDER_STATUS_CANCELLED", version: "2" } });
    expect(await count(customerId)).toBe(1);
  });

  test("of a transition is given the first answer, though the order went on", async () => {
    const { path } = await createdOrder();
    const headers = { "idempotency-key": randomUUID(), "if-match": '"1"' };
    const first = await ask("POST", `${path}/ready`, headers);
    await ask("POST", `${path}/issue`);
    const again = await ask("POST", `${path}/ready`, headers);
    expect([again.status, again.body, again.headers.get("etag")]).toEqual([200, first.body, '"2"']);
  });

  test("that asks for something else under the same key is 422, and does nothing", async () => {
    const [customerId, key] = [randomUUID(), randomUUID()];
    await ask("POST", "/orders", { body: newOrder({ customerId }), "idempotency-key": key });
    const other = newOrder({ customerId, currency: "USD" });
    expect(await ask("POST", "/orders", { body: other, "idempotency-key": key })).toMatchObject({
      status: 422,
      body: { type: "/problems/idempotency-key-reused" },
    });
    expect(await count(customerId)).toBe(1);
  });

  test("that comes while the first is worked on is 409", async () => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query("begin; lock table orders in exclusive mode");
    const headers = { body: newOrder(), "idempotency-key": randomUUID() };
    const first = ask("POST", "/orders", headers);
    await eventually(async () => {
      const { rows } = await owner.query(
        "select 1 from pg_locks where not granted and relation = 'orders'::regclass",
      );
      expect(rows).toHaveLength(1);
    });
    expect(await ask("POST", "/orders", headers)).toMatchObject({
      status: 409,
      body: { type: "/problems/idempotency-key-in-flight" },
    });
    await owner.query("commit");
    await owner.end();
    const { status, body } = await first;
    expect(status).toBe(201);
    expect((await ask("POST", "/orders", headers)).body).toEqual(body);
  });

  test("with a malformed key is refused by the header's name", async () => {
    expect(await ask("POST", "/orders", { body: newOrder(), "idempotency-key": "two words" })).toMatchObject({
      status: 400,
      body: { errors: [{ header: "Idempotency-Key", detail: expect.any(String) }] },
    });
  });

  test("may not bring its key in the body, where it would do nothing", async () => {
    const body = newOrder({ requestId: randomUUID() });
    expect(await ask("POST", "/orders", { body })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/requestId" }] },
    });
  });
});

describe("a precondition", () => {
  test("on a change holds when one of its ETags is the order's; else nothing is done", async () => {
    const { path } = await createdOrder();
    for (const ifMatch of ['"2"', 'W/"1"', '"one"']) {
      expect(await ask("POST", `${path}/ready`, { "if-match": ifMatch })).toMatchObject({
        status: 412,
        body: { type: "/problems/version-mismatch" },
      });
    }
    expect((await ask("GET", path)).headers.get("etag")).toBe('"1"');
    expect((await ask("POST", `${path}/ready`, { "if-match": '"1"' })).status).toBe(200);
    expect((await ask("POST", `${path}/issue`, { "if-match": '"1", "2"' })).status).toBe(200);
    expect((await ask("POST", `${path}/cancel`, { "if-match": "*" })).status).toBe(409);
  });

  test("that is malformed is 400, one on an order that is not there 404", async () => {
    const { path } = await createdOrder();
    expect(await ask("POST", `${path}/ready`, { "if-match": "1" })).toMatchObject({
      status: 400,
      body: { errors: [{ header: "If-Match", detail: expect.any(String) }] },
    });
    expect((await ask("POST", `/orders/${randomUUID()}/ready`, { "if-match": '"1"' })).status).toBe(404);
  });

  test("of two changes at the same version lets one through", async () => {
    const { path } = await createdOrder();
    const headers = { "if-match": '"1"' };
    const answers = await Promise.all([
      ask("POST", `${path}/ready`, headers),
      ask("POST", `${path}/cancel`, headers),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test("is demanded where that is set: 428 without it", async () => {
    const strict = await startApi(database.apiUrl, { API_REQUIRE_IF_MATCH: "true" });
    onTestFinished(() => strict.stop());
    const { path } = await createdOrder();
    const without = await fetch(`${strict.restUrl}${path}/ready`, { method: "POST" });
    expect(await without.json()).toMatchObject({ status: 428, errors: [{ header: "If-Match" }] });
    const headers = { "if-match": '"1"' };
    expect((await fetch(`${strict.restUrl}${path}/ready`, { method: "POST", headers })).status).toBe(200);
  });

  test("on a read answers 304 to who has the order as it is", async () => {
    const { path } = await createdOrder();
    const same = await ask("GET", path, { "if-none-match": 'W/"1"' });
    expect([same.status, same.body, same.headers.get("etag")]).toEqual([304, "", '"1"']);
    expect(same.headers.get("cache-control")).toBe("private, no-cache");
    await ask("POST", `${path}/ready`);
    expect((await ask("GET", path, { "if-none-match": '"1"' })).status).toBe(200);
    expect((await ask("GET", path, { "if-match": '"1"' })).status).toBe(412);
  });
});

test("HEAD has the headers of GET, and no body", async () => {
  const { path } = await createdOrder();
  const [get, head] = [await ask("GET", path), await ask("HEAD", path)];
  expect([head.status, head.body]).toEqual([200, ""]);
  for (const header of ["etag", "content-type", "cache-control", "vary"]) {
    expect([header, head.headers.get(header)]).toEqual([header, get.headers.get(header)]);
  }
  expect((await ask("HEAD", `/orders/${randomUUID()}`)).status).toBe(404);
});

describe("a body", () => {
  test.each<[string, string, number, object]>([
    ["malformed JSON", "{", 400, { type: "/problems/malformed-json" }],
    ["nothing", "", 400, { type: "/problems/malformed-json" }],
    ["not an object", "[]", 400, { errors: [{ pointer: "#", detail: "must be an object" }] }],
    ["an unknown field", '{"customer": "x"}', 400, { errors: [{ pointer: "#/customer" }] }],
    ["a name that needs escapes", '{"a/b~ c": "x"}', 400, { errors: [{ pointer: "#/a~1b~0%20c" }] }],
    ["a wrong type", '{"customerId": 5}', 400, { errors: [{ pointer: "#/customerId" }] }],
    ["null", '{"customerId": null}', 400, { errors: [{ pointer: "#/customerId" }] }],
    [
      "wrong types deep inside",
      newOrder({ lines: [{ sku: "s", quantity: 1.5, unitPriceMinor: "a lot" }, 7] }),
      400,
      {
        errors: [
          { pointer: "#/lines/0/quantity" },
          { pointer: "#/lines/0/unitPriceMinor" },
          { pointer: "#/lines/1" },
        ],
      },
    ],
    [
      "a number that would be rounded",
      newOrder({ lines: [{ sku: "s", quantity: 1, unitPriceMinor: "%" }] }).replace(
        '"%"',
        "9007199254740993",
      ),
      400,
      { errors: [{ pointer: "#/lines/0/unitPriceMinor", detail: expect.stringContaining("string") }] },
    ],
    [
      "a number out of int64",
      newOrder({ lines: [{ sku: "s", quantity: "9223372036854775808" }] }),
      400,
      { errors: [{ pointer: "#/lines/0/quantity" }] },
    ],
    [
      "half of a surrogate pair",
      newOrder({ lines: [{ sku: "\ud800", quantity: 1 }] }),
      400,
      { errors: [{ pointer: "#/lines/0/sku" }] },
    ],
    [
      "several wrong fields at once",
      newOrder({ customerId: "", currency: "eur", lines: [{ sku: "", quantity: 1 }] }),
      400,
      { errors: [{ pointer: "#/customerId" }, { pointer: "#/currency" }, { pointer: "#/lines/0/sku" }] },
    ],
    [
      "a total out of int64",
      newOrder({ lines: [{ sku: "s", quantity: "4611686018427387904", unitPriceMinor: 4 }] }),
      400,
      { errors: [{ pointer: "#/lines/0/quantity" }] },
    ],
    ["more than the largest body", newOrder({ customerId: "x".repeat(1_100_000) }), 413, {}],
  ])("with %s is refused by what is wrong with it", async (_, body, status, problem) => {
    const answer = await ask("POST", "/orders", { body });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer).toMatchObject({ status, body: { status, instance: "/orders", ...problem } });
  });

  test("that is too large, of a length that was not told, is 413 before all of it is read", async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(Buffer.alloc(65_536, " "));
        if (sent >= 16 * 1_048_576) controller.close();
      },
    });
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body, duplex: "half" };
    const response = await fetch(`${api.restUrl}/orders`, init as RequestInit);
    expect([response.status, response.headers.get("connection")]).toEqual([413, "close"]);
    expect(sent).toBeLessThan(16 * 1_048_576);
  });

  test("with very many faults is answered with the first of them", async () => {
    const { body } = await ask("POST", "/orders", { body: newOrder({ lines: Array(100_000).fill(7) }) });
    expect(body.errors).toHaveLength(100);
  });

  test("keeps numbers exactly, in both forms", async () => {
    const line = { sku: "s", quantity: 9_007_199_254_740_991, unitPriceMinor: 1 };
    const { body } = await ask("POST", "/orders", {
      body: newOrder({ lines: [line, { ...line, quantity: "9007199254740993" }] }),
    });
    expect(body.totalMinor).toBe("18014398509481984");
  });

  test("that a transition does not know is refused", async () => {
    const { path } = await createdOrder();
    expect(await ask("POST", `${path}/ready`, { body: '{"reason":"x"}' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/reason" }] },
    });
    expect(await ask("POST", `${path}/cancel`, { body: '{"id":"x"}' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/id" }] },
    });
    const long = JSON.stringify({ reason: "x".repeat(501) });
    expect(await ask("POST", `${path}/cancel`, { body: long })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/reason" }] },
    });
  });
});

test("a query parameter is refused where none is known", async () => {
  const { path } = await createdOrder();
  for (const [method, at] of [
    ["POST", "/orders?dryRun=true"],
    ["GET", `${path}?fields=id`],
  ] as const) {
    const headers: Record<string, string> = method === "POST" ? { body: newOrder() } : {};
    expect((await ask(method, at, headers)).status).toBe(400);
  }
});

test("every answer has the security headers, and orders are nobody else's to keep", async () => {
  const { path } = await createdOrder();
  for (const [method, at] of [
    ["GET", path],
    ["GET", "/orders"],
    ["GET", "/nowhere"],
    ["DELETE", path],
    ["GET", "/openapi.json"],
    ["GET", "/livez"],
  ] as const) {
    const { headers } = await ask(method, at);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("trace-id")).toMatch(/^[0-9a-f]{32}$/);
  }
  const { headers } = await ask("GET", path);
  expect(headers.get("cache-control")).toBe("private, no-cache");
  expect(headers.get("vary")).toBe("Accept, Authorization, Origin");
});
