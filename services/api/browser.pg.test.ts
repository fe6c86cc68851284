import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { launchBrowser } from "../../test/support/browser.ts";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import type { tryOut as runInPage } from "./testing/browser-client.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

/** Another site, whose page calls the API with Connect's client for browsers. */
let browser: Browser;
let shop: string;
let stranger: string;
let database: TestDatabase;
let api: ApiUnderTest;

beforeAll(async () => {
  const script = await bundle();
  [shop, stranger, database, browser] = await Promise.all([
    serveSite(script),
    serveSite(script),
    createTestDatabase(),
    launchBrowser(),
  ]);
  api = await startApi(database.apiUrl, { API_CORS_ORIGINS: shop });
});

afterAll(async () => {
  await browser?.close();
  await api?.stop();
  await database?.drop();
});

/** testing/browser-client.ts and all that it imports, as one script. */
async function bundle(): Promise<string> {
  const entry = new URL("./testing/browser-client.ts", import.meta.url).pathname;
  const result = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, lib: { entry, formats: ["iife"], name: "client" } },
  });
  const [output] = [result].flat();
  if (!output || !("output" in output)) throw new Error("vite built nothing");
  return output.output[0].code;
}

async function serveSite(script: string): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(`<!doctype html><script>${script}</script>`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function open(site: string): Promise<Page> {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(site);
  return page;
}

/** Runs `client.tryOut` in the page. */
const tryOut = (page: Page, protocol: string) =>
  page.evaluate<Awaited<ReturnType<typeof runInPage>>>(
    `client.tryOut(${JSON.stringify({ protocol, baseUrl: api.restUrl })})`,
  );

describe.each(["connect", "connect-get", "grpc-web"])("over %s", (protocol) => {
  test("a page of an allowed origin creates an order, reads it, and reads why it was refused", async () => {
    const page = await open(shop);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    expect(await tryOut(page, protocol)).toEqual({
      total: "18014398509481986",
      read: true,
      refusal: { code: "not_found", reason: "ORDER_NOT_FOUND" },
    });
    const method = protocol === "connect-get" ? "GET" : "POST";
    expect(requests).toContain(`${method} /orders.v1.OrderService/GetOrder`);
  });

  test("a page of another origin gets nothing", async () => {
    expect(await tryOut(await open(stranger), protocol)).toMatch(/Failed to fetch/);
  });
});

test("a page of an allowed origin uses REST, its order's address included", async () => {
  const order = {
    customerId: "c",
    pickupPointId: "p",
    currency: "EUR",
    lines: [{ sku: "s", quantity: "1", unitPriceMinor: "1" }],
  };
  const create = `fetch("${api.restUrl}/orders", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: ${JSON.stringify(JSON.stringify(order))},
  }).then(async (response) => [response.status, response.headers.get("location"), (await response.json()).id])`;
  const [status, location, id] = (await (await open(shop)).evaluate(create)) as [number, string, string];
  expect([status, location]).toEqual([201, `/orders/${id}`]);
  await expect((await open(stranger)).evaluate(create)).rejects.toThrow("Failed to fetch");
});
