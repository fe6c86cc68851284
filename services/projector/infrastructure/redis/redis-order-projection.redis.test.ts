import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startRedis } from "../../../../deploy/local/redis.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { redisUrl, uniquePrefix } from "../../../../test/support/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { connectRedis, type RedisConnection } from "../../../platform/redis-connection.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import { orderCacheKey, orderChangedChannel, orderKey } from "./order-keys.ts";
import { createRedisOrderProjection } from "./redis-order-projection.ts";

const keyPrefix = uniquePrefix();
let proxy: TcpProxy;
let connection: RedisConnection;
let reader: Redis;

beforeAll(async () => {
  const url = new URL(redisUrl());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  connection = connectRedis({ server: { url: url.href }, name: "test", log: pino({ level: "silent" }) });
  reader = new Redis(redisUrl());
  await eventually(() => expect(connection.notReady()).toBeUndefined());
});

afterAll(async () => {
  await connection.close();
  await proxy.close();
  reader.disconnect();
});

const projection = () =>
  createRedisOrderProjection({ redis: connection.redis, keyPrefix, now: () => 1_795_507_200_130 });

function event(orderId: string, version: bigint, json = `{"v":"${version}"}`): OrderEvent {
  const view = { orderId, version, status: "created", json };
  return { id: randomUUID(), occurredAt: 1_795_507_200_123, publishedAt: 1_795_507_200_125, view };
}

const shown = (orderId: string) => reader.hgetall(orderKey(keyPrefix, orderId));

test("an event makes the order's hash, and the next version replaces all of it", async () => {
  const orderId = randomUUID();
  const first = event(orderId, 1n);
  const second = event(orderId, 2n);
  expect(await projection().apply([first, second])).toEqual([
    { outcome: "applied", previousVersion: 0n },
    { outcome: "applied", previousVersion: 1n },
  ]);
  expect(await shown(orderId)).toEqual({
    version: "2",
    status: "created",
    event_id: second.id,
    order: '{"v":"2"}',
    times: "1795507200123,1795507200125,1795507200130",
  });
});

test("a time that is not known is empty", async () => {
  const orderId = randomUUID();
  await projection().apply([{ ...event(orderId, 1n), occurredAt: undefined, publishedAt: undefined }]);
  expect((await shown(orderId)).times).toBe(",,1795507200130");
});

test("each applied event is told on the order's channel by its version, and nothing else is", async () => {
  const orderId = randomUUID();
  const subscriber = new Redis(redisUrl());
  onTestFinished(() => subscriber.disconnect());
  const told: [string, string][] = [];
  subscriber.on("smessage", (channel: string, message: string) => told.push([channel, message]));
  const channel = orderChangedChannel(keyPrefix, orderId);
  await subscriber.ssubscribe(channel);
  const [first, second, third] = [event(orderId, 1n), event(orderId, 2n), event(orderId, 3n)];
  await projection().apply([first, second, second, first, { ...second, id: randomUUID() }, third]);
  await eventually(() => expect(told).toHaveLength(3));
  expect(told).toEqual(["1", "2", "3"].map((version) => [channel, version]));
});

describe("where final orders are kept for an hour", () => {
  const HOUR_MS = 3_600_000;
  const keeping = () =>
    createRedisOrderProjection({ redis: connection.redis, keyPrefix, finalOrderMs: HOUR_MS });
  const final = (orderId: string, version: bigint, status: string) => {
    const { view, ...rest } = event(orderId, version);
    return { ...rest, view: { ...view, status } };
  };
  const timeToLive = (orderId: string) => reader.pttl(orderKey(keyPrefix, orderId));

  test.each(["issued", "returned", "cancelled"])(
    "one that is %s expires then, and those beside it do not",
    async (status) => {
      const [before, orderId, after] = [randomUUID(), randomUUID(), randomUUID()];
      await keeping().apply([
        event(before, 1n),
        event(orderId, 1n),
        final(orderId, 2n, status),
        final(after, 1n, "ready"),
      ]);
      expect(await timeToLive(orderId)).toBeGreaterThan(HOUR_MS - 60_000);
      expect(await timeToLive(orderId)).toBeLessThanOrEqual(HOUR_MS);
      expect(await Promise.all([before, after].map(timeToLive))).toEqual([-1, -1]);
    },
  );

  test("the event that is shown already gives one a time to live, as one that a rebuild reads again, and older ones do not", async () => {
    const orderId = randomUUID();
    const [first, last] = [event(orderId, 1n), final(orderId, 2n, "issued")];
    await projection().apply([first, last]);
    expect(await timeToLive(orderId)).toBe(-1);
    await keeping().apply([first]);
    expect(await timeToLive(orderId)).toBe(-1);
    expect(await keeping().apply([last])).toEqual([{ outcome: "duplicate", previousVersion: 2n }]);
    expect(await timeToLive(orderId)).toBeGreaterThan(0);
  });
});

describe("the API's cache of an order", () => {
  test.each([
    ["9", "10"],
    ["9007199254740992", "9007199254740993"],
  ])("is brought from version %s to %s, and lives as long as it would have", async (before, after) => {
    const orderId = randomUUID();
    const key = orderCacheKey(keyPrefix, orderId);
    await reader.hset(key, { version: before, order: "before" });
    await reader.pexpire(key, 3_600_000);
    const expiresAt = await reader.pexpiretime(key);
    await projection().apply([event(orderId, BigInt(after), "after")]);
    expect(await reader.hgetall(key)).toEqual({ version: after, order: "after" });
    expect(await reader.pexpiretime(key)).toBe(expiresAt);
  });

  test.each(["2", "10"])("is left alone when it has version %s and the event has 2", async (version) => {
    const orderId = randomUUID();
    const key = orderCacheKey(keyPrefix, orderId);
    await reader.hset(key, { version, order: "the API's" });
    await projection().apply([event(orderId, 2n)]);
    expect(await reader.hgetall(key)).toEqual({ version, order: "the API's" });
  });

  test("is never made", async () => {
    const orderId = randomUUID();
    await projection().apply([event(orderId, 1n), event(orderId, 2n)]);
    expect(await reader.exists(orderCacheKey(keyPrefix, orderId))).toBe(0);
  });

  test("does not hold up the view when something else is under its key", async () => {
    const orderId = randomUUID();
    await reader.set(orderCacheKey(keyPrefix, orderId), "not a hash");
    expect((await projection().apply([event(orderId, 1n)]))[0]?.outcome).toBe("applied");
  });
});

test("a node of a Redis cluster, which takes keys of one slot a call, has every event applied in its order", async () => {
  const { redis } = await startClusterNode();
  const { apply } = createRedisOrderProjection({ redis, keyPrefix });
  const orders = Array.from({ length: 20 }, () => randomUUID());
  for (const version of [1n, 2n]) {
    const results = await apply(orders.map((orderId) => event(orderId, version)));
    expect(results).toEqual(orders.map(() => ({ outcome: "applied", previousVersion: version - 1n })));
  }
});

/** A cluster of one node, which has all the slots. */
async function startClusterNode() {
  const dataDir = await mkdtemp(join(tmpdir(), "redis-test-"));
  const server = await startRedis({ dataDir, port: 0, cluster: true });
  const redis = new Redis(server.url);
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
    await rm(dataDir, { recursive: true });
  });
  await redis.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  await eventually(async () => expect(await redis.cluster("INFO")).toContain("cluster_state:ok"));
  return { redis };
}

test("without the right to the channel an event is refused whole, and applied and told once the right is there", async () => {
  const orderId = randomUUID();
  const user = `projector-${randomUUID()}`;
  const rights = ["on", ">password", "~*", "+@all"];
  await reader.call("ACL", "SETUSER", user, ...rights, "resetchannels");
  const url = new URL(redisUrl());
  Object.assign(url, { username: user, password: "password" });
  const restricted = connectRedis({
    server: { url: url.href },
    name: "test",
    log: pino({ level: "silent" }),
  });
  onTestFinished(async () => {
    await restricted.close();
    await reader.call("ACL", "DELUSER", user);
  });
  await eventually(() => expect(restricted.notReady()).toBeUndefined());
  const { apply } = createRedisOrderProjection({ redis: restricted.redis, keyPrefix });
  const first = event(orderId, 1n);
  await expect(apply([first])).rejects.toThrow(/channel/);
  expect(await shown(orderId)).toEqual({});
  await reader.call("ACL", "SETUSER", user, "allchannels");
  expect((await apply([first]))[0]?.outcome).toBe("applied");
});

test("the same event again changes nothing, nor does an older one, nor another of the same version", async () => {
  const orderId = randomUUID();
  const [first, second] = [event(orderId, 1n), event(orderId, 2n)];
  await projection().apply([first, second]);
  const before = await shown(orderId);
  const forged = { ...event(orderId, 2n, '{"forged":true}') };
  expect((await projection().apply([second, first, forged])).map(({ outcome }) => outcome)).toEqual([
    "duplicate",
    "stale",
    "conflict",
  ]);
  expect(await shown(orderId)).toEqual(before);
});

test.each([
  ["9", "10"],
  ["9007199254740992", "9007199254740993"],
  ["9223372036854775806", "9223372036854775807"],
])("version %s is older than %s, which no rounding hides", async (older, newer) => {
  const orderId = randomUUID();
  const [first, second] = [event(orderId, BigInt(older)), event(orderId, BigInt(newer))];
  expect((await projection().apply([first, second, first])).map(({ outcome }) => outcome)).toEqual([
    "applied",
    "applied",
    "stale",
  ]);
  expect((await shown(orderId)).version).toBe(newer);
});

test("the order's text is stored byte for byte", async () => {
  const orderId = randomUUID();
  const json = '{"n":9007199254740993,"текст":"日本 🎁 \\u0000 \\"q\\"","f":1.10}';
  await projection().apply([event(orderId, 1n, json)]);
  const stored = await reader.hgetBuffer(orderKey(keyPrefix, orderId), "order");
  expect(stored?.equals(Buffer.from(json))).toBe(true);
});

test("a Redis that forgot the script gets it again, and every event is applied in its order", async () => {
  const orderId = randomUUID();
  await reader.script("FLUSH");
  const events = Array.from({ length: 50 }, (_, i) => event(orderId, BigInt(i + 1)));
  const results = await projection().apply(events);
  expect(results.every(({ outcome }) => outcome === "applied")).toBe(true);
  expect((await shown(orderId)).version).toBe("50");
});

test("an order that cannot be written rejects with Redis' reason", async () => {
  const orderId = randomUUID();
  await reader.set(orderKey(keyPrefix, orderId), "not a hash");
  await expect(projection().apply([event(orderId, 1n)])).rejects.toThrow("WRONGTYPE");
});

test("while Redis is away it fails at once and says so, and works again by itself", async () => {
  const orderId = randomUUID();
  proxy.cut();
  await eventually(() => expect(connection.notReady()).toContain("redis is not reachable"));
  await expect(projection().apply([event(orderId, 1n)])).rejects.toThrow();
  proxy.restore();
  await eventually(() => expect(connection.notReady()).toBeUndefined());
  expect((await projection().apply([event(orderId, 1n)]))[0]?.outcome).toBe("applied");
});

test("what was sent when the connection broke is answered with an error, never with silence", async () => {
  const orderId = randomUUID();
  proxy.stall();
  const answer = expect(projection().apply([event(orderId, 1n)])).rejects.toThrow();
  proxy.cut();
  proxy.restore(); // the reconnect works at the first try
  await answer;
  await eventually(() => expect(connection.notReady()).toBeUndefined());
});

test("a Redis that takes everything and answers nothing is given up within seconds", async () => {
  const orderId = randomUUID();
  proxy.stall();
  await expect(projection().apply([event(orderId, 1n)])).rejects.toThrow();
  expect(connection.notReady()).toContain("redis is not reachable");
  proxy.restore();
  await eventually(async () => {
    expect((await projection().apply([event(orderId, 1n)]))[0]?.outcome).toMatch(/applied|conflict/);
  });
});
