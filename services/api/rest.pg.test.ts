import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
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
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
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
