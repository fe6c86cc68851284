import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { spawnService } from "../../test/support/service-process.ts";
import { startTcpProxy } from "../../test/support/tcp-proxy.ts";
import { CreateOrderRequestSchema } from "../gen/orders/v1/order_service_pb.ts";
import { openDoors } from "./testing/doors.ts";
import { startApi } from "./testing/running-api.ts";

const order = () =>
  create(CreateOrderRequestSchema, {
    customerId: "c",
    pickupPointId: "p",
    currency: "EUR",
    lines: [{ sku: "s", quantity: 1n }],
  });

test("without its database the API starts, lives and says why it is not ready; it answers 503 and recovers by itself", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const url = new URL(database.apiUrl);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  stack.defer(() => proxy.close());
  proxy.cut();
  url.port = String(proxy.port);
  const api = await startApi(url.href, { DATABASE_TIMEOUT_MS: "2000" });
  stack.defer(() => api.stop());
  const doors = openDoors(api);

  expect((await fetch(`${api.opsUrl}/livez`)).status).toBe(200);
  await refusedAsUnavailable();
  const notReady = await fetch(`${api.opsUrl}/readyz`);
  expect(notReady.status).toBe(503);
  expect(await notReady.json()).toMatchObject({ reasons: { database: expect.any(String) } });

  proxy.restore();
  await worksAndIsReady();
  proxy.cut();
  await refusedAsUnavailable();
  proxy.restore();
  await worksAndIsReady();

  // Nothing is broken off, and nothing comes: as when a network goes down.
  proxy.stall();
  await eventually(async () => expect((await fetch(`${api.opsUrl}/readyz`)).status).toBe(503), {
    timeoutMs: 20_000,
  });
  await refusedAsUnavailable();
  proxy.restore();
  await worksAndIsReady();

  async function refusedAsUnavailable(): Promise<void> {
    await expect(doors.REST?.create(order())).rejects.toMatchObject({ code: "unavailable" });
    await expect(doors.gRPC?.create(order())).rejects.toMatchObject({ code: "unavailable" });
    const response = await fetch(`${api.restUrl}/orders/0198c0de-0000-7000-8000-000000000001`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  }

  async function worksAndIsReady(): Promise<void> {
    await eventually(() => doors.REST?.create(order()));
    await eventually(async () => expect((await fetch(`${api.opsUrl}/readyz`)).status).toBe(200));
  }
});

test("a wrong configuration names all faults at once, ends with exit code 2, and shows no secret", async () => {
  const api = spawnService("api", {
    DATABASE_URL: "mysql://user:hunter2@db",
    API_PORT: "seventy",
    OPS_PORT: "-1",
  });
  expect(await api.ended()).toBe(2);
  for (const variable of ["DATABASE_URL", "API_PORT", "OPS_PORT"])
    expect(api.errors()).toContain(`${variable}: `);
  expect(api.errors()).not.toContain("hunter2");
});
