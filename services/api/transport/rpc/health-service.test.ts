import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../gen/grpc/health/v1/health_pb.ts";
import { healthRoutes } from "./health-service.ts";

const service = "orders.v1.OrderService";

function serve() {
  const state = { isReady: true, stopping: new AbortController() };
  const routes = healthRoutes({
    services: [service],
    isReady: () => state.isReady,
    stopping: state.stopping.signal,
  });
  return { state, client: createClient(Health, createRouterTransport(routes)) };
}

/** The statuses as they come, one by one. */
function watch(client: ReturnType<typeof serve>["client"], name: string) {
  const hangUp = new AbortController();
  onTestFinished(() => hangUp.abort());
  const statuses = client.watch({ service: name }, { signal: hangUp.signal })[Symbol.asyncIterator]();
  return { hangUp, next: async () => (await statuses.next()).value?.status };
}

test.each(["", service])("the status of %j follows the readiness", async (name) => {
  const { state, client } = serve();
  expect((await client.check({ service: name })).status).toBe(Status.SERVING);
  state.isReady = false;
  expect((await client.check({ service: name })).status).toBe(Status.NOT_SERVING);
  state.isReady = true;
  expect((await client.check({ service: name })).status).toBe(Status.SERVING);
  state.stopping.abort();
  expect((await client.check({ service: name })).status).toBe(Status.NOT_SERVING);
});

test("the list has every service with its status", async () => {
  const { statuses } = await serve().client.list({});
  expect(Object.keys(statuses)).toEqual(["", service]);
  expect(statuses[service]?.status).toBe(Status.SERVING);
});

test("a service that nobody knows is NOT_FOUND, and a watch of it says so and stays open", async () => {
  const { client, state } = serve();
  await expect(client.check({ service: "nobody.v1.Service" })).rejects.toMatchObject({ code: Code.NotFound });
  const { next } = watch(client, "nobody.v1.Service");
  expect(await next()).toBe(Status.SERVICE_UNKNOWN);
  const more = next();
  expect(await Promise.race([more, Promise.resolve("open")])).toBe("open");
  state.stopping.abort();
  expect(await more).toBeUndefined();
});

test("a watch tells the status at once, then each change, and that the server stops as its last", async () => {
  const { state, client } = serve();
  const { next } = watch(client, service);
  expect(await next()).toBe(Status.SERVING);
  state.isReady = false;
  expect(await next()).toBe(Status.NOT_SERVING);
  state.isReady = true;
  expect(await next()).toBe(Status.SERVING);
  state.stopping.abort();
  expect(await next()).toBe(Status.NOT_SERVING);
  expect(await next()).toBeUndefined();
});

test("a watch ends with its caller", async () => {
  const { client } = serve();
  const { next, hangUp } = watch(client, service);
  await next();
  const more = next();
  hangUp.abort();
  await expect(more).rejects.toMatchObject({ code: Code.Canceled });
});
