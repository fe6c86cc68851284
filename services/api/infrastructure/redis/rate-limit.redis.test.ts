import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { redisUrl, uniquePrefix } from "../../../../test/support/redis.ts";
import { startTcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { createBackoff } from "../../../platform/backoff.ts";
import { connectRedis } from "../../../platform/redis-connection.ts";
import type { LimitRate } from "../../application/access.ts";
import type { Caller } from "../../application/call-context.ts";
import { createCircuit } from "./circuit.ts";
import { createRateLimit, type RateLimitOptions, type RateLimitResult } from "./rate-limit.ts";

let redis: Redis;
beforeAll(async () => {
  redis = new Redis(redisUrl());
  await once(redis, "ready");
});
afterAll(async () => {
  await redis.quit();
});

const newCaller = (): Caller => ({ id: `${randomUUID()} a caller`, customerId: undefined });

const newCircuit = () =>
  createCircuit({
    timeoutMs: 1_000, // not the test's machine is to be tested
    backoff: createBackoff({ initialMs: 250, maxMs: 5_000 }),
    now: () => performance.now(),
    isAnswer: () => false,
    onOpen() {},
    onClose() {},
  });

function limit(over: Partial<RateLimitOptions> = {}) {
  const results: RateLimitResult[] = [];
  const limitRate = createRateLimit({
    redis,
    circuit: newCircuit(),
    perSecond: 1,
    burst: 3,
    keyPrefix: uniquePrefix(),
    onResult: (result) => results.push(result),
    ...over,
  });
  return { limitRate, results };
}

const ask = (limitRate: LimitRate, caller: Caller, times: number) =>
  Promise.all(
    Array.from({ length: times }, () =>
      limitRate(caller).then(
        () => "let in",
        (error) => error.code as string,
      ),
    ),
  );

test("a caller may have its burst at once, then it is told when to come again", async () => {
  const { limitRate, results } = limit();
  const caller = newCaller();
  expect(await ask(limitRate, caller, 5)).toEqual([
    ...Array(3).fill("let in"),
    "RATE_LIMITED",
    "RATE_LIMITED",
  ]);
  expect(results).toEqual(["allowed", "allowed", "allowed", "limited", "limited"]);
  const error = await limitRate(caller).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: expect.any(Number) });
  const { retryAfterMs } = error as { retryAfterMs: number };
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(1_000);
});

test("who waits for as long as it was told is let in, and one request of many at that moment", async () => {
  const { limitRate } = limit({ perSecond: 5, burst: 1 });
  const caller = newCaller();
  await limitRate(caller);
  const { retryAfterMs } = await limitRate(caller).then(
    () => ({ retryAfterMs: 0 }),
    (error) => error,
  );
  expect(retryAfterMs).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, retryAfterMs + 1));
  expect((await ask(limitRate, caller, 4)).filter((outcome) => outcome === "let in")).toHaveLength(1);
});

test("in the long run a caller has its rate and its burst, however many replicas it asks", async () => {
  const keyPrefix = uniquePrefix();
  const replicas = [1, 2].map(() => limit({ perSecond: 50, burst: 10, keyPrefix }).limitRate);
  const caller = newCaller();
  const from = performance.now();
  let letIn = 0;
  while (performance.now() - from < 500) {
    for (const replica of replicas)
      letIn += (await ask(replica, caller, 5)).filter((each) => each === "let in").length;
  }
  const seconds = (performance.now() - from) / 1_000;
  expect(letIn).toBeGreaterThanOrEqual(10);
  expect(letIn).toBeLessThanOrEqual(10 + Math.ceil(50 * seconds));
});

test("callers have nothing to do with one another", async () => {
  const { limitRate } = limit({ burst: 1 });
  expect(await ask(limitRate, newCaller(), 2)).toEqual(["let in", "RATE_LIMITED"]);
  expect(await ask(limitRate, newCaller(), 1)).toEqual(["let in"]);
});

test("a bucket is gone from Redis once it is full again, and its key tells nothing of the caller", async () => {
  const keyPrefix = uniquePrefix();
  const { limitRate } = limit({ perSecond: 100, burst: 10, keyPrefix });
  await ask(limitRate, { id: "secret subject", customerId: undefined }, 10);
  const keys = await redis.keys(`${keyPrefix}*`);
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain("secret");
  const ttl = await redis.pttl(keys[0] ?? "");
  expect(ttl).toBeLessThanOrEqual(100);
  await eventually(async () => expect(await redis.keys(`${keyPrefix}*`)).toEqual([]));
});

async function throughProxy() {
  const url = new URL(redisUrl());
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.host = `127.0.0.1:${proxy.port}`;
  const connection = connectRedis({
    server: { url: url.href },
    name: "test",
    log: pino({ level: "silent" }),
  });
  onTestFinished(async () => {
    await connection.close();
    await proxy.close();
  });
  await eventually(() => expect(connection.redis.status).toBe("ready"));
  return { proxy, connection };
}

test("while Redis is away everybody is let in without waiting, and counted again when it is back", async () => {
  const { proxy, connection } = await throughProxy();
  const { limitRate, results } = limit({ redis: connection.redis, burst: 1 });
  const caller = newCaller();
  expect(await ask(limitRate, caller, 2)).toEqual(["let in", "RATE_LIMITED"]);
  proxy.cut();
  await eventually(() => expect(connection.redis.status).not.toBe("ready"));
  expect(await ask(limitRate, caller, 10)).toEqual(Array(10).fill("let in"));
  expect(results.slice(2)).toEqual(Array(10).fill("unknown"));
  proxy.restore();
  await eventually(async () => expect(await ask(limitRate, caller, 2)).toContain("RATE_LIMITED"));
});

test("a Redis that hangs is asked once, then left alone for a while", async () => {
  const { proxy, connection } = await throughProxy();
  const { limitRate, results } = limit({ redis: connection.redis, burst: 1 });
  const caller = newCaller();
  await limitRate(caller);
  const asked = vi.spyOn(connection.redis, "takeToken");
  proxy.stall();
  for (let count = 0; count < 20; count++) await limitRate(caller);
  expect(asked).toHaveBeenCalledTimes(1);
  expect(results.slice(1)).toEqual(Array(20).fill("unknown"));
});

test("what the cache has found not to answer is not asked by the rate limit either", async () => {
  const circuit = newCircuit();
  const { limitRate, results } = limit({ circuit, burst: 1 });
  await circuit.run(() => Promise.reject(new Error("planted"))).catch(() => {});
  const asked = vi.spyOn(redis, "takeToken");
  onTestFinished(() => asked.mockRestore());
  expect(await ask(limitRate, newCaller(), 3)).toEqual(Array(3).fill("let in"));
  expect(asked).not.toHaveBeenCalled();
  expect(results).toEqual(Array(3).fill("unknown"));
});
