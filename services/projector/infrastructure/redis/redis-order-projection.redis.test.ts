import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { redisUrl, uniquePrefix } from "../../../../test/support/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import { connectRedis, type RedisConnection } from "./redis-connection.ts";
import { createRedisOrderProjection, orderKey } from "./redis-order-projection.ts";

const keyPrefix = uniquePrefix();
let proxy: TcpProxy;
let connection: RedisConnection;
let reader: Redis;

beforeAll(async () => {
  const url = new URL(redisUrl());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  connection = connectRedis({ url: url.href, log: pino({ level: "silent" }) });
  reader = new Redis(redisUrl());
  await eventually(() => expect(connection.notReady()).toBeUndefined());
});

afterAll(async () => {
  await connection.close();
  await proxy.close();
  reader.disconnect();
});

const projection = () => createRedisOrderProjection({ redis: connection.redis, keyPrefix });

function event(orderId: string, version: bigint, json = `{"v":"${version}"}`): OrderEvent {
  return { id: randomUUID(), occurredAt: undefined, view: { orderId, version, status: "created", json } };
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
  });
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
