import { setTimeout as delay } from "node:timers/promises";
import { toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { redisUrl, uniquePrefix } from "../../test/support/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../test/support/tcp-proxy.ts";
import { type Order, OrderSchema } from "../gen/orders/v1/order_pb.ts";
import { OrderService, type WatchOrderResponse } from "../gen/orders/v1/order_service_pb.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

const keyPrefix = uniquePrefix();
const redisVariables = {
  REDIS_URL: redisUrl(),
  API_KEY_PREFIX: keyPrefix,
  API_REDIS_TIMEOUT_MS: "2000", // not the test's machine is to be tested
};
let database: TestDatabase;
let redis: Redis;
let proxy: TcpProxy;
let api: ApiUnderTest;
let client: ReturnType<typeof connect>;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = new Redis(redisUrl());
  const url = new URL(redisUrl());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  api = await startApi(database.apiUrl, { ...redisVariables, REDIS_URL: url.href });
  client = connect(api);
  await eventually(async () => expect((await fetch(`${api.opsUrl}/readyz`)).status).toBe(200));
  await untilRedisIsUsed();
});

afterAll(async () => {
  await api.stop();
  await proxy.close();
  redis.disconnect();
  await database.drop();
});

function connect({ grpcUrl }: ApiUnderTest) {
  return createClient(OrderService, createGrpcTransport({ baseUrl: grpcUrl }));
}

async function createOrder(): Promise<Order> {
  const lines = [{ sku: "s", quantity: 1n, unitPriceMinor: 9_007_199_254_740_993n }];
  const request = { customerId: "c", pickupPointId: "p", currency: "EUR", lines };
  return (await client.createOrder(request)).order as Order;
}

/** Nothing waits for Redis at the start, and what was asked before the connection is there is asked again later. */
async function untilRedisIsUsed(): Promise<void> {
  const { id } = await createOrder();
  await eventually(async () => {
    await latest(id);
    const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(/^order_cache_requests_total\{result="hit"\} [1-9]/m);
  });
}

/** What the projector does to Redis when it has applied an event (services/projector/README.md). */
async function project(order: Order, { hint = true } = {}): Promise<void> {
  const version = String(order.version);
  const ms = Number(order.version) * 1_000;
  await redis.hset(`${keyPrefix}order:{${order.id}}`, {
    version,
    status: "",
    event_id: "",
    order: toJsonString(OrderSchema, order),
    times: [ms, ms + 1, ms + 2].join(),
  });
  if (hint) await redis.spublish(`${keyPrefix}order-changed:{${order.id}}`, version);
}

const forget = (id: string) => redis.del(`${keyPrefix}order:{${id}}`);
const latest = async (id: string) => (await client.getOrder({ id })).order as Order;

function watch(id: string, after = 0, by = client) {
  const received: WatchOrderResponse[] = [];
  const end = new AbortController();
  let ending: string | undefined;
  const over = (async () => {
    try {
      for await (const each of by.watchOrder({ id, afterVersion: BigInt(after) }, { signal: end.signal })) {
        received.push(each);
      }
      ending = "ok";
    } catch (error) {
      ending = Code[ConnectError.from(error).code];
    }
  })();
  onTestFinished(async () => {
    end.abort();
    await over;
  });
  return {
    received,
    numbers: () => received.map(({ order }) => Number(order?.version)),
    ending: () => ending,
    over,
    leave: () => end.abort(),
  };
}

/** Somebody watches at the server. */
const untilWatched = (count: number) =>
  eventually(async () => {
    const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text();
    expect(metrics).toContain(`\norder_watches ${count}\n`);
  });

describe.each([
  ["gRPC", (at: ApiUnderTest) => createGrpcTransport({ baseUrl: at.grpcUrl })],
  ["gRPC-Web", (at: ApiUnderTest) => createGrpcWebTransport({ baseUrl: at.restUrl, httpVersion: "1.1" })],
  ["Connect", (at: ApiUnderTest) => createConnectTransport({ baseUrl: at.restUrl, httpVersion: "1.1" })],
  [
    "Connect over HTTP/2",
    (at: ApiUnderTest) => createConnectTransport({ baseUrl: at.grpcUrl, httpVersion: "2" }),
  ],
])("through %s", (_, transport) => {
  test("each version arrives with its event's path as the projector comes to it, and the final one ends the stream", async () => {
    const by = createClient(OrderService, transport(api));
    const created = await createOrder();
    const watching = watch(created.id, 0, by);
    await untilWatched(1);
    await project(created);
    await eventually(() => expect(watching.numbers()).toEqual([1]));
    const { order: ready } = await client.markOrderReady({ id: created.id });
    await project(ready as Order);
    await eventually(() => expect(watching.numbers()).toEqual([1, 2]));
    const { order: issued } = await client.issueOrder({ id: created.id });
    await project(issued as Order);
    await watching.over;
    expect(watching.ending()).toBe("ok");
    expect(watching.received.map(({ order }) => order)).toEqual([created, ready, issued]);
    expect(watching.received.map(({ path }) => path?.writtenAt?.seconds)).toEqual([1n, 2n, 3n]);
    expect(watching.received[0]?.path).toMatchObject({
      publishedAt: { seconds: 1n, nanos: 1_000_000 },
      projectedAt: { seconds: 1n, nanos: 2_000_000 },
    });
    await untilWatched(0);
  });

  test("an unknown order is not found, and an id that is no UUID is refused", async () => {
    const by = createClient(OrderService, transport(api));
    const unknown = watch("0198c0de-0000-7000-8000-000000000001", 0, by);
    const wrong = watch("not-a-uuid", 0, by);
    await Promise.all([unknown.over, wrong.over]);
    expect([unknown.ending(), wrong.ending()]).toEqual(["NotFound", "InvalidArgument"]);
  });
});

test("watches go on after each version, and one that has the final version already ends at once", async () => {
  const { id } = await createOrder();
  await client.markOrderReady({ id });
  const { order } = await client.returnOrder({ id, reason: "nobody came" });
  await project(order as Order);
  for (const after of [0, 1, 2, 3]) {
    const watching = watch(id, after);
    await watching.over;
    expect([watching.numbers(), watching.ending()]).toEqual([[1, 2, 3].slice(after), "ok"]);
  }
});

test("an order that the read model has lost comes from the database", async () => {
  const { id } = await createOrder();
  const watching = watch(id);
  await client.cancelOrder({ id });
  await watching.over;
  expect(watching.numbers()).toEqual([1, 2]);
  expect(watching.received.every(({ path }) => path === undefined)).toBe(true);
});

test("while Redis is away watches live by the database, and none of them fails", async () => {
  const created = await createOrder();
  await project(created);
  const watching = watch(created.id);
  await eventually(() => expect(watching.numbers()).toEqual([1]));
  proxy.cut();
  await client.markOrderReady({ id: created.id });
  await eventually(() => expect(watching.numbers()).toEqual([1, 2]));
  const begunMeanwhile = watch(created.id, 1);
  await eventually(() => expect(begunMeanwhile.numbers()).toEqual([2]));
  proxy.restore();
  const { order } = await client.issueOrder({ id: created.id });
  await project(order as Order);
  await Promise.all([watching.over, begunMeanwhile.over]);
  expect([watching.numbers(), begunMeanwhile.numbers()]).toEqual([
    [1, 2, 3],
    [2, 3],
  ]);
});

test("many watch one order over one subscription, which is given up with the last of them", async () => {
  const created = await createOrder();
  await project(created);
  const channel = `${keyPrefix}order-changed:{${created.id}}`;
  const subscribers = async () => (await redis.pubsub("SHARDNUMSUB", channel)) as [string, number];
  const watching = Array.from({ length: 20 }, () => watch(created.id));
  await eventually(() => expect(watching.every((each) => each.numbers().length === 1)).toBe(true));
  await eventually(async () => expect(await subscribers()).toEqual([channel, 1]));
  for (const each of watching.slice(1)) each.leave();
  await untilWatched(1);
  const { order: ready } = await client.markOrderReady({ id: created.id });
  await project(ready as Order);
  await eventually(() => expect(watching[0]?.numbers()).toEqual([1, 2]));
  watching[0]?.leave();
  await eventually(async () => expect(await subscribers()).toEqual([channel, 0]));
  // Given up and taken up again at once.
  for (let i = 0; i < 10; i++) {
    const again = watch(created.id, 1);
    await eventually(() => expect(again.numbers()).toEqual([2]));
    again.leave();
  }
  const last = watch(created.id, 2);
  await eventually(async () => expect(await subscribers()).toEqual([channel, 1]));
  const { order: issued } = await client.issueOrder({ id: created.id });
  await project(issued as Order);
  await last.over;
  expect(last.numbers()).toEqual([3]);
});

test("a deadline ends a watch as a deadline does, also one that is longer than other calls may have", async () => {
  const created = await createOrder();
  await project(created);
  const received: unknown[] = [];
  const short = (async () => {
    for await (const each of client.watchOrder({ id: created.id }, { timeoutMs: 300 })) received.push(each);
  })();
  await expect(short).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  expect(received).toHaveLength(1);
  await client.cancelOrder({ id: created.id });
  await project(await latest(created.id));
  for await (const each of client.watchOrder({ id: created.id }, { timeoutMs: 3_600_000 }))
    received.push(each);
  expect(received).toHaveLength(3);
});

test("a stop ends watches at once with UNAVAILABLE, and they go on at another process", async () => {
  const stopping = await startApi(database.apiUrl, redisVariables);
  const created = await createOrder();
  await project(created);
  const first = watch(created.id, 0, connect(stopping));
  await eventually(() => expect(first.numbers()).toEqual([1]));
  await stopping.stop();
  await first.over;
  expect(first.ending()).toBe("Unavailable");
  const second = watch(created.id, 1);
  await client.cancelOrder({ id: created.id });
  await project(await latest(created.id));
  await second.over;
  expect([second.numbers(), second.ending()]).toEqual([[2], "ok"]);
});

test("a watch that has lasted its longest time, and one that is too many, tell their clients what to do", async () => {
  const small = await startApi(database.apiUrl, {
    ...redisVariables,
    API_WATCH_SECONDS: "1",
    API_MAX_WATCHES: "1",
  });
  onTestFinished(() => small.stop());
  const by = connect(small);
  const created = await createOrder();
  await project(created);
  const first = watch(created.id, 0, by);
  await eventually(() => expect(first.numbers()).toEqual([1]));
  const tooMany = watch(created.id, 0, by);
  await tooMany.over;
  expect(tooMany.ending()).toBe("ResourceExhausted");
  await first.over;
  expect(first.ending()).toBe("Unavailable");
});

test("a client that goes away leaves nothing behind", async () => {
  const created = await createOrder();
  await project(created);
  await untilWatched(0);
  const watching = watch(created.id);
  await untilWatched(1);
  watching.leave();
  await untilWatched(0);
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(
    /rpc_server_call_duration_seconds_count\{rpc_method="orders.v1.OrderService\/WatchOrder",protocol="grpc",code="canceled"\} [1-9]/,
  );
});

test("every version arrives once and in order at each watcher, whatever Redis, the projector and the watchers do meanwhile", async () => {
  const step = fc.constantFrom(
    "change",
    "project",
    "project unheard",
    "project twice",
    "flush",
    "cut",
    "restore",
    "watcher breaks",
    "wait",
  );
  const way = fc.constantFrom(
    ["markOrderReady", "issueOrder"] as const,
    ["markOrderReady", "cancelOrder"] as const,
    ["cancelOrder"] as const,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), way, async (steps, transitions) => {
      const created = await createOrder();
      const versions = [created];
      const left = [...transitions];
      const change = async () => {
        const next = left.shift();
        if (next) versions.push((await client[next]({ id: created.id })).order as Order);
      };
      let projected = 0;
      const next = async (hint: boolean) => {
        const order = versions[projected];
        if (order) await project(order, { hint });
        if (order) projected += 1;
      };
      const steady = watch(created.id);
      /** One that is interrupted, and goes on after the last version that it got. */
      let parts = [watch(created.id)];
      for (const each of steps) {
        if (each === "change") await change();
        if (each === "project" || each === "project unheard") await next(each === "project");
        if (each === "project twice" && projected > 0) await project(versions[projected - 1] as Order);
        if (each === "flush") await forget(created.id);
        if (each === "cut") proxy.cut();
        if (each === "restore") proxy.restore();
        if (each === "watcher breaks") {
          parts.at(-1)?.leave();
          await parts.at(-1)?.over;
          const numbers = parts.flatMap((part) => part.numbers());
          parts = [...parts, watch(created.id, numbers.at(-1) ?? 0)];
        }
        if (each === "wait") await delay(50);
      }
      proxy.restore();
      while (left.length > 0) await change();
      while (projected < versions.length) await next(true);
      await Promise.all([steady.over, parts.at(-1)?.over]);
      const all = versions.map(({ version }) => Number(version));
      expect(steady.numbers()).toEqual(all);
      expect(parts.flatMap((part) => part.numbers())).toEqual(all);
      expect(steady.received.map(({ order }) => order)).toEqual(versions);
      for (const { order, path } of steady.received) {
        if (path) expect(path.writtenAt?.seconds).toBe(order?.version);
      }
    }),
    { numRuns: 30, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
}, 90_000);
