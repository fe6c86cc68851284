import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { recordingTracer } from "../../../platform/testing/recorded-spans.ts";
import { OrderError, orderErrorCodes } from "../../domain/order-error.ts";
import { restApp, someOrder } from "../../testing/rest-app.ts";
import type { Gate } from "../gate.ts";
import { problemCodes, problemType, problemTypes } from "./problem-types.ts";

const address = `/orders/${someOrder.id}`;
const newOrder = JSON.stringify({
  customerId: "customer-1",
  pickupPointId: "point-7",
  currency: "EUR",
  lines: [{ sku: "book", quantity: "2" }],
});
const post = (body: string, headers: Record<string, string> = {}) => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json", ...headers },
});

describe("the gate", () => {
  const closed: Gate = async () => {
    throw new OrderError("UNAUTHENTICATED", "there is no token");
  };

  test("refuses before anything of the body is read", async () => {
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(Buffer.from(newOrder));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } };
    const response = await restApp({ gate: closed }).request("/orders", init as RequestInit);
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="orders"',
    ]);
    expect(pulled).toBe(0);
    expect((await restApp().request("/orders", init as RequestInit)).status).toBe(201);
    expect(pulled).toBe(1);
  });

  test.each([
    ["POST", "/orders", "CreateOrder"],
    ["GET", "/orders", "ListOrders"],
    ["GET", address, "GetOrder"],
    ["HEAD", address, "GetOrder"],
    ["POST", `${address}/ready`, "MarkOrderReady"],
    ["POST", `${address}/issue`, "IssueOrder"],
    ["POST", `${address}/return`, "ReturnOrder"],
    ["POST", `${address}/cancel`, "CancelOrder"],
  ])("is asked for %s %s as %s, with the caller's token", async (method, path, operation) => {
    const asked: unknown[] = [];
    const gate: Gate = async (...of) => {
      asked.push(of);
      throw new OrderError("PERMISSION_DENIED", "not you");
    };
    const response = await restApp({ gate }).request(path, {
      method,
      headers: { authorization: "Bearer t" },
    });
    expect(response.status).toBe(403);
    expect(asked).toEqual([[operation, { authorization: "Bearer t" }]]);
  });

  test("says who the caller is to the use case", async () => {
    const caller = { id: "web-shop", customerId: "customer-1" };
    let context: unknown;
    const app = restApp({
      gate: async () => caller,
      useCases: {
        createOrder: async (_, given) => {
          context = given;
          return someOrder;
        },
      },
    });
    await app.request("/orders", post(newOrder, { "idempotency-key": '"k"' }));
    expect(context).toMatchObject({ caller, idempotencyKey: "k" });
  });
});

describe("a problem", () => {
  const refusing = (error: unknown) =>
    restApp({
      useCases: {
        getOrder: async () => {
          throw error;
        },
      },
    });

  test.each(orderErrorCodes)("%s has its status, its type and its trace id", async (code) => {
    const response = await refusing(new OrderError(code, "why")).request(address);
    const { status, title } = problemTypes[code];
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: problemType(code),
      title,
      status,
      detail: "why",
      instance: address,
      trace_id: response.headers.get("trace-id"),
    });
  });

  test.each(problemCodes)("%s is explained at the address that is its type", async (code) => {
    const page = await restApp().request(problemType(code));
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await page.text()).toContain(problemTypes[code].help.replaceAll("'", "&#39;"));
  });

  test("that nobody foresaw tells the caller nothing of itself, and the log all, with the trace id", async () => {
    const lines: string[] = [];
    const app = restApp({
      log: pino({}, { write: (line: string) => void lines.push(line) }),
      useCases: { getOrder: () => Promise.reject(new TypeError("a secret")) },
    });
    const response = await app.request(address);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("secret");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { err: { message: "a secret" }, trace_id: JSON.parse(text).trace_id, route: "/orders/:id" },
    ]);
  });

  test.each([
    ["as it was said, in whole seconds", new OrderError("OVERLOADED", "", [], { retryAfterMs: 1_200 }), "2"],
    ["at once is a second", new OrderError("RATE_LIMITED", "", [], { retryAfterMs: 0 }), "1"],
    ["a second when nothing was said", new OrderError("UNAVAILABLE", ""), "1"],
    ["of no use", new OrderError("ORDER_NOT_FOUND", ""), null],
  ])("says when to try again: %s", async (_, error, expected) => {
    expect((await refusing(error).request(address)).headers.get("retry-after")).toBe(expected);
  });
});

describe("a trace", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  test("that the caller began goes on; else each request has one of its own", async () => {
    const idOf = async (headers: Record<string, string>) =>
      (await restApp().request(address, { headers })).headers.get("trace-id");
    expect(await idOf({ traceparent })).toBe("0af7651916cd43dd8448eb211c80319c");
    const zeros = traceparent.replace(/-0af\w+/, `-${"0".repeat(32)}`);
    const own = [
      await idOf({}),
      await idOf({ traceparent: "00-nonsense" }),
      await idOf({ traceparent: zeros }),
    ];
    for (const id of own) expect(id).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(new Set(own).size).toBe(3);
  });

  test("is beside the caller's own name for the request, when that is a name", async () => {
    const nameOf = async (name: string) => {
      const { headers } = await restApp().request(address, {
        headers: { traceparent, "x-request-id": name },
      });
      return headers.get("x-request-id");
    };
    expect(await nameOf("call-7")).toBe("call-7");
    expect(await nameOf("two words")).toBe("0af7651916cd43dd8448eb211c80319c");
  });

  test("has a span for each operation, by the route's pattern, whose context the use case is given", async () => {
    const tracer = recordingTracer();
    const given: unknown[] = [];
    const app = restApp({
      tracer,
      useCases: {
        async createOrder(_, { trace }) {
          given.push(trace);
          return someOrder;
        },
      },
    });
    await app.request("/orders", post(newOrder, { traceparent, tracestate: "vendor=1" }));
    const [span] = tracer.spans();
    expect(span).toMatchObject({
      name: "POST /orders",
      kind: "SERVER",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      parentId: "b7ad6b7169203331",
      failed: false,
      attributes: {
        "http.request.method": "POST",
        "http.route": "/orders",
        "http.response.status_code": 201,
      },
    });
    const own = `00-0af7651916cd43dd8448eb211c80319c-${span?.spanId}-01`;
    expect(given).toEqual([{ traceparent: own, tracestate: "vendor=1" }]);
  });

  test("that the caller did not begin has the id of its span; faults of ours fail it, the caller's do not", async () => {
    const tracer = recordingTracer();
    const failing = (error: Error) =>
      restApp({ tracer, useCases: { getOrder: () => Promise.reject(error) } });
    const answers = [
      await failing(new OrderError("ORDER_NOT_FOUND", "none")).request(address),
      await failing(new Error("a fault")).request(address),
    ];
    const spans = tracer.spans();
    expect(spans.map(({ traceId }) => traceId)).toEqual(
      answers.map(({ headers }) => headers.get("trace-id")),
    );
    expect(spans).toMatchObject([
      { name: "GET /orders/:id", failed: false, attributes: { "http.response.status_code": 404 } },
      { name: "GET /orders/:id", failed: true, attributes: { "http.response.status_code": 500 } },
    ]);
  });

  test("of what is no operation has no span", async () => {
    const tracer = recordingTracer();
    const app = restApp({ tracer });
    for (const path of ["/livez", "/nothing", "/openapi.json"]) await app.request(path);
    expect(tracer.spans()).toEqual([]);
  });
});

describe("the media type", () => {
  test.each([
    [undefined, 200],
    ["", 200],
    ["*/*", 200],
    ["application/json", 200],
    ["Application/JSON; charset=utf-8", 200],
    ["text/html, application/*;q=0.1", 200],
    ["text/html", 406],
    ["application/problem+json", 406],
    ["application/json;q=0, */*", 406],
    ["application/json; q=0.000", 406],
  ])("of the answer is JSON: Accept %j is %i", async (accept, status) => {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    expect((await restApp().request(address, { headers })).status).toBe(status);
  });

  test.each([
    [{ "content-type": "application/json; charset=UTF-8" }, 201],
    [{ "content-type": "application/json", "content-encoding": "identity" }, 201],
    [{ "content-type": "application/json; charset=utf-16" }, 415],
    [{ "content-type": "application/jsonp" }, 415],
    [{ "content-type": "text/plain" }, 415],
    [{ "content-type": "application/json", "content-encoding": "gzip" }, 415],
  ])("of a body is JSON: %j is %i", async (headers, status) => {
    const response = await restApp().request("/orders", { method: "POST", body: newOrder, headers });
    expect(response.status).toBe(status);
  });

  test("of a body that is not UTF-8 is none", async () => {
    const body = Buffer.from(newOrder.replace("book", "b\xf6k"), "latin1");
    const headers = { "content-type": "application/json" };
    const response = await restApp().request("/orders", { method: "POST", body, headers });
    expect(await response.json()).toMatchObject({ status: 400, type: "/problems/malformed-json" });
  });
});

describe("a body of unknown length", () => {
  const chunked = (bytes: number) => {
    const body = new Blob([newOrder, " ".repeat(bytes - newOrder.length)]).stream();
    return { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } };
  };

  test("is counted while it comes", async () => {
    const app = restApp({ maxBodyBytes: 1_000 });
    expect((await app.request("/orders", chunked(1_000) as RequestInit)).status).toBe(201);
    expect((await app.request("/orders", chunked(1_001) as RequestInit)).status).toBe(413);
  });
});

test("a method that is not possible is 405 with those that are, an address with nothing at it 404", async () => {
  const methodsAt = async (path: string) => {
    const response = await restApp().request(path, { method: "PATCH" });
    expect(response.status).toBe(405);
    return response.headers.get("allow");
  };
  expect(await methodsAt("/orders")).toBe("POST, GET, HEAD");
  expect(await methodsAt(address)).toBe("GET, HEAD");
  expect(await methodsAt(`${address}/issue`)).toBe("POST");
  expect((await restApp().request("/nowhere")).status).toBe(404);
});

test("the documentation is one page that loads nothing, and has every operation and type", async () => {
  const response = await restApp().request("/docs");
  const text = await response.text();
  expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(text).not.toMatch(/<script|src=|undefined|\[object/);
  for (const id of ["createOrder", "listOrders", "getOrder", "readyOrder", "Order", "Problem"]) {
    expect(text).toContain(`id="${id}"`);
  }
  for (const [, link] of text.matchAll(/href="#(\w+)"/g)) expect(text).toContain(`id="${link}"`);
});
