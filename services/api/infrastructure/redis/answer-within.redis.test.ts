import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redisUrl } from "../../../../test/support/redis.ts";
import { answerWithin } from "./answer-within.ts";

let redis: Redis;
beforeAll(async () => {
  redis = new Redis(redisUrl());
  await once(redis, "ready");
});
afterAll(() => redis.disconnect());

/** As a collection of garbage does, or a CPU that is over its limit. */
function holdUpProcess(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test("an answer that has arrived while the process was held up is not too late", async () => {
  for (let count = 0; count < 5; count++) {
    const answer = answerWithin(100, redis.ping());
    holdUpProcess(300);
    expect(await answer).toBe("PONG");
  }
});

test("what is not answered in time is an error, and what comes of it later is nobody's", async () => {
  const late = Promise.withResolvers<never>();
  await expect(answerWithin(10, late.promise)).rejects.toThrow("no answer within 10 ms");
  late.reject(new Error("planted"));
  await new Promise(setImmediate);
});

test("what fails in time fails as it does", async () => {
  await expect(answerWithin(10_000, redis.call("nonsense"))).rejects.toThrow("unknown command");
});
