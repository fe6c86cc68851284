import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { OrderService } from "../../gen/orders/v1/order_service_pb.ts";
import { createCors } from "./cors.ts";

const shop = "https://shop.example";
const rpcPath = "/orders.v1.OrderService/GetOrder";

/** Both doors behind CORS for these origins. */
async function serve(origins: readonly string[]): Promise<string> {
  const app = new Hono().get("/orders/1", (c) => c.json({}, 200, { etag: '"1"' }));
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(OrderService, {
        getOrder: () => Promise.reject(new ConnectError("none", Code.NotFound)),
      });
    },
    fallback: getRequestListener(app.fetch) as Parameters<typeof connectNodeAdapter>[0]["fallback"] & {},
  });
  const cors = createCors(origins);
  const server = createServer((request, response) => {
    if (!cors(request, response)) (adapter as RequestListener)(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const preflight = (url: string, origin: string) =>
  fetch(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,connect-protocol-version,authorization,idempotency-key",
    },
  });

const post = (url: string, origin?: string) =>
  fetch(`${url}${rpcPath}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(origin === undefined ? {} : { origin }) },
    body: '{"id":"1"}',
  });

test.each([rpcPath, "/orders"])(
  "a preflight for %s from an allowed origin is answered at once",
  async (path) => {
    const response = await preflight(`${await serve([shop])}${path}`, shop);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": shop,
      "access-control-allow-methods": "POST, GET",
      "access-control-max-age": "7200",
      vary: "Origin",
    });
    const headers = response.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    expect(headers).toEqual(
      expect.arrayContaining([
        "content-type",
        "connect-protocol-version",
        "connect-timeout-ms",
        "x-grpc-web",
        "grpc-timeout",
        "authorization",
        "idempotency-key",
        "if-match",
        "traceparent",
        "x-request-id",
      ]),
    );
  },
);

test("an allowed origin reads answers of both doors, errors too, with the headers that it needs", async () => {
  const url = await serve([shop, "https://desk.example"]);
  const refused = await post(url, shop);
  expect(refused.status).toBe(404);
  const order = await fetch(`${url}/orders/1`, { headers: { origin: shop } });
  for (const { headers } of [refused, order]) {
    expect(headers.get("access-control-allow-origin")).toBe(shop);
    expect(headers.get("vary")).toBe("Origin");
    const exposed = headers.get("access-control-expose-headers")?.toLowerCase().split(", ");
    expect(exposed).toEqual(
      expect.arrayContaining([
        "grpc-status",
        "grpc-message",
        "content-location",
        "etag",
        "location",
        "link",
        "retry-after",
        "trace-id",
        "x-request-id",
      ]),
    );
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  }
});

test.each(["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"])(
  "a page of %s is allowed nothing",
  async (origin) => {
    const url = await serve([shop]);
    const asked = await preflight(`${url}${rpcPath}`, origin);
    expect(asked.status).toBe(204);
    for (const { headers } of [asked, await post(url, origin)]) {
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect(headers.get("vary")).toBe("Origin");
    }
  },
);

test("who is no page of another origin is served as ever", async () => {
  expect((await post(await serve([shop]))).status).toBe(404);
});

test("without an allowlist there is no CORS at all", async () => {
  const url = await serve([]);
  expect((await preflight(`${url}${rpcPath}`, shop)).status).toBe(405);
  expect((await post(url, shop)).headers.get("vary")).toBeNull();
});
