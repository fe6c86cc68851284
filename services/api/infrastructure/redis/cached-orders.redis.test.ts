import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { redisUrl, uniquePrefix } from "../../../../test/support/redis.ts";
import { startTcpProxy } from "../../../../test/support/tcp-proxy.ts";
import type { Deadline } from "../../application/ports.ts";
import type { Order } from "../../domain/order.ts";
import { noDeadline } from "../../testing/calls.ts";
import { orderVersions } from "../../testing/orders.ts";
import { openRedis } from "./open-redis.ts";
import { orderKeys } from "./order-keys.ts";
import { readOrder, writeOrder } from "./stored-order.ts";

let redis: Redis;
beforeAll(() => {
  redis = new Redis(redisUrl());
});
afterAll(() => redis.disconnect());

/** A database with orders, which can be held up. */
function createDatabase() {
  const orders = new Map<string, Order>();
  const database = { orders, reads: 0, hold: Promise.resolve(), isDown: false };
  const repository = {
    async find(id: string) {
      database.reads += 1;
      const found = orders.get(id); // as it is when the read begins
      await database.hold;
      if (database.isDown) throw new Error("planted");
      return found;
    },
  };
  return { database, repository };
}

/** Processes that share a Redis, each over a way of its own to it, and one database. */
async function createScene() {
  const keyPrefix = uniquePrefix();
  const { database, repository } = createDatabase();
  const lines: string[] = [];
  const log = pino(
    { level: "info" },
    {
      write(line: string) {
        const { msg, connection } = JSON.parse(line) as { msg: string; connection?: string };
        if (connection !== "orders-api-watches") lines.push(msg);
      },
    },
  );
  async function startProcess() {
    const url = new URL(redisUrl());
    const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    const reads: string[] = [];
    const writes: string[] = [];
    const opened = openRedis({
      server: { url: url.href },
      timeoutMs: 1_000, // not the test's machine is to be tested
      keyPrefix,
      cacheSeconds: 60,
      orders: repository,
      observer: { cacheRead: (result) => reads.push(result), cacheWrite: (result) => writes.push(result) },
      log,
    });
    onTestFinished(async () => {
      await opened.close();
      await proxy.close();
    });
    const { cache } = opened;
    if (!cache) throw new Error("there is no cache");
    /** Redis is used: after the start, or after an outage. */
    const untilUsed = () =>
      eventually(async () => {
        await cache.find("00000000-0000-0000-0000-000000000000", noDeadline);
        expect(reads.at(-1)).toBe("miss");
        reads.length = 0;
        writes.length = 0;
      });
    await untilUsed();
    database.reads = 0;
    return { cache, proxy, reads, writes, untilUsed, find: (id: string) => cache.find(id, noDeadline) };
  }
  const keys = orderKeys(keyPrefix);
  /** The version in the cache's entry; undefined without one. */
  const entry = async (id: string) => {
    const { version, order } = await redis.hgetall(keys.cached(id));
    return order === undefined ? undefined : [version, readOrder(order).version];
  };
  const until = (id: string, version: number) =>
    eventually(async () => expect(await entry(id)).toEqual([String(version), BigInt(version)]));
  return { database, keys, lines, startProcess, entry, until };
}

const ways = ["MarkOrderReady", "IssueOrder"] as const;

test("an order is read from the database once, and then from the cache, exactly as it was", async () => {
  const { database, startProcess, until, keys } = await createScene();
  const { find, reads } = await startProcess();
  const order = orderVersions(ways).at(-1) as Order;
  database.orders.set(order.id, order);
  expect(await find(order.id)).toStrictEqual(order);
  await until(order.id, 3);
  expect(await find(order.id)).toStrictEqual(order);
  expect([database.reads, reads]).toEqual([1, ["miss", "hit"]]);
  const ttl = await redis.pttl(keys.cached(order.id));
  expect(ttl).toBeGreaterThan(50_000);
  expect(ttl).toBeLessThanOrEqual(60_000);
});

test("that there is no such order is not remembered: it may be created at any moment", async () => {
  const { database, startProcess } = await createScene();
  const { find } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  expect(await find(order.id)).toBeUndefined();
  database.orders.set(order.id, order);
  expect(await find(order.id)).toStrictEqual(order);
});

test("an older version never takes the place of a newer one, nor lengthens its life", async () => {
  const { database, startProcess, entry, keys } = await createScene();
  const { find, cache } = await startProcess();
  const other = await startProcess();
  const [first, second] = orderVersions(ways) as [Order, Order];
  database.orders.set(first.id, first);
  const held = Promise.withResolvers<void>();
  database.hold = held.promise;
  const reading = find(first.id); // has read the first version, and is slow to come to the cache
  await eventually(() => expect(database.reads).toBe(1));
  database.orders.set(first.id, second);
  await other.cache.committed(second);
  await redis.pexpire(keys.cached(first.id), 40_000);
  held.resolve();
  expect((await reading)?.version).toBe(1n);
  await cache.committed(second); // in the same connection, behind that write
  expect(await entry(first.id)).toEqual(["2", 2n]);
  expect(await redis.pttl(keys.cached(first.id))).toBeLessThanOrEqual(40_000);
});

test.each([
  ["9", "10"],
  ["9007199254740992", "9007199254740993"],
  ["9223372036854775806", "9223372036854775807"],
])("version %s is older than %s, which no rounding hides", async (older, newer) => {
  const { startProcess, entry } = await createScene();
  const { cache } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  const at = (version: string) => ({ ...order, version: BigInt(version) });
  for (const version of [older, newer, older]) await cache.committed(at(version));
  expect(await entry(order.id)).toEqual([newer, BigInt(newer)]);
});

test("many that ask for one order at once cost one read, and one of them that gives up fails alone", async () => {
  const { database, startProcess } = await createScene();
  const { find, cache } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  database.orders.set(order.id, order);
  const held = Promise.withResolvers<void>();
  database.hold = held.promise;
  const gone = new AbortController();
  const impatient: Deadline = { signal: gone.signal, remainingMs: () => 10 };
  const one = cache.find(order.id, impatient);
  const others = Array.from({ length: 100 }, () => find(order.id));
  await eventually(() => expect(database.reads).toBe(1));
  gone.abort();
  await expect(one).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  held.resolve();
  expect((await Promise.all(others)).every((each) => each?.version === 1n)).toBe(true);
  expect(database.reads).toBe(1);
});

test("after a commit every process reads the new version, whatever any of them had cached", async () => {
  const { database, startProcess, until } = await createScene();
  const [a, b] = [await startProcess(), await startProcess()];
  const [first, second] = orderVersions(ways) as [Order, Order];
  database.orders.set(first.id, first);
  await a.find(first.id);
  await until(first.id, 1);
  database.orders.set(first.id, second);
  await a.cache.committed(second);
  expect([await a.find(first.id), await b.find(first.id)]).toStrictEqual([second, second]);
  expect(database.reads).toBe(1);
});

test("a read that began before a commit is not what a reader gets who came after it", async () => {
  const { database, startProcess } = await createScene();
  const { find, cache } = await startProcess();
  const [first, second] = orderVersions(ways) as [Order, Order];
  database.orders.set(first.id, first);
  const held = Promise.withResolvers<void>();
  database.hold = held.promise;
  const before = find(first.id);
  await eventually(() => expect(database.reads).toBe(1));
  database.orders.set(first.id, second);
  await cache.committed(second);
  const after = find(first.id); // joins
  held.resolve();
  expect((await before)?.version).toBe(1n);
  expect((await after)?.version).toBe(2n);
});

test("when Redis did not take a commit the process that made it does not read the older version there", async () => {
  const { database, startProcess, until } = await createScene();
  const { find, cache, proxy, untilUsed, reads, writes } = await startProcess();
  const [first, second] = orderVersions(ways) as [Order, Order];
  database.orders.set(first.id, first);
  await find(first.id);
  await until(first.id, 1);
  proxy.cut();
  database.orders.set(first.id, second);
  await cache.committed(second);
  expect(writes.at(-1)).toBe("error");
  proxy.restore();
  await untilUsed();
  expect(await find(first.id)).toStrictEqual(second);
  expect(reads).toEqual(["stale"]);
  await until(first.id, 2); // and so it is right for the others as well
});

test("when Redis was emptied and an older version came back into it, it is not read either", async () => {
  const { database, startProcess, keys } = await createScene();
  const { find, cache, reads } = await startProcess();
  const [first, second] = orderVersions(ways) as [Order, Order];
  database.orders.set(first.id, second);
  await cache.committed(second);
  await redis.del(keys.cached(first.id));
  await redis.hset(keys.cached(first.id), { version: "1", order: writeOrder(first) });
  expect(await find(first.id)).toStrictEqual(second);
  expect(reads).toEqual(["stale"]);
});

test("while Redis is away every answer comes from the database, and it is logged once that it is and once that it is over", async () => {
  const { database, startProcess, lines } = await createScene();
  const { find, proxy, untilUsed, reads } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  database.orders.set(order.id, order);
  lines.length = 0;
  proxy.cut();
  for (let i = 0; i < 200; i++) expect(await find(order.id)).toStrictEqual(order);
  expect(database.reads).toBe(200);
  expect(reads).toContain("off");
  proxy.restore();
  await untilUsed();
  expect(lines.toSorted()).toEqual([
    "redis answers again",
    "redis fails: going on without it",
    "redis is not reachable, trying again",
    "redis is ready",
  ]);
});

test("a Redis that takes everything and answers nothing is passed over, but for a trial now and then", async () => {
  const { database, startProcess } = await createScene();
  const { find, proxy, untilUsed, reads } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  database.orders.set(order.id, order);
  proxy.stall();
  for (let i = 0; i < 500; i++) expect(await find(order.id)).toStrictEqual(order);
  expect(reads.filter((result) => result === "error").length).toBeLessThan(5);
  expect(reads.filter((result) => result === "off").length).toBeGreaterThan(495);
  proxy.restore();
  await untilUsed();
});

test("without Redis at its start the API reads the database, and uses Redis when it comes", async () => {
  const { database, startProcess } = await createScene();
  const { repository } = createDatabase();
  const opened = openRedis({
    server: { url: "redis://127.0.0.1:1" },
    timeoutMs: 1_000,
    keyPrefix: "",
    cacheSeconds: 60,
    orders: repository,
    observer: { cacheRead() {}, cacheWrite() {} },
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => opened.close());
  expect(await opened.cache?.find("1", noDeadline)).toBeUndefined();
  expect((await startProcess()) && database.reads).toBe(0);
});

test("an entry that is no order is passed over, and lives no longer than any other", async () => {
  const { database, startProcess, keys } = await createScene();
  const { find, reads } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  database.orders.set(order.id, order);
  await redis.hset(keys.cached(order.id), { version: "0", order: "garbage" });
  expect(await find(order.id)).toStrictEqual(order);
  await eventually(async () => {
    expect(await find(order.id)).toStrictEqual(order);
    expect(reads.at(-1)).toBe("hit");
  });
  await redis.del(keys.cached(order.id));
  await redis.set(keys.cached(order.id), "not a hash");
  expect(await find(order.id)).toStrictEqual(order);
  expect(reads.at(-1)).toBe("error");
});

test("a Redis that forgot the script gets it again", async () => {
  const { startProcess, entry } = await createScene();
  const { cache } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  await redis.script("FLUSH");
  await cache.committed(order);
  expect(await entry(order.id)).toEqual(["1", 1n]);
});

test("an error of the database is the caller's, and the next read tries again", async () => {
  const { database, startProcess } = await createScene();
  const { find } = await startProcess();
  const [order] = orderVersions([]) as [Order];
  database.orders.set(order.id, order);
  database.isDown = true;
  await expect(find(order.id)).rejects.toThrow("planted");
  database.isDown = false;
  expect(await find(order.id)).toStrictEqual(order);
});
