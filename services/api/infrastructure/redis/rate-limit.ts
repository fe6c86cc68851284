import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis, Result } from "ioredis";
import type { LimitRate } from "../../application/access.ts";
import { OrderError } from "../../domain/order-error.ts";
import type { Circuit } from "./circuit.ts";

/** How a request was counted; "unknown": Redis did not say. */
export const rateLimitResults = ["allowed", "limited", "unknown"] as const;
export type RateLimitResult = (typeof rateLimitResults)[number];

export interface RateLimitOptions {
  readonly redis: Redis;
  /** The one of the cache: what does not answer there is not asked here either. */
  readonly circuit: Circuit;
  /** Requests of a caller, in the long run. */
  readonly perSecond: number;
  /** What it may ask for at once after a rest. */
  readonly burst: number;
  readonly onResult: (result: RateLimitResult) => void;
  readonly keyPrefix?: string;
}

const script = readFileSync(new URL("token-bucket.lua", import.meta.url), "utf8");

declare module "ioredis" {
  interface RedisCommander<Context> {
    takeToken(key: string, perSecond: number, burst: number): Result<number, Context>;
  }
}

/**
 * One bucket for each caller, whichever replica it asks. It protects from a caller that has run wild, and it is not worth an outage:
 * when Redis is away or slow everybody is let in.
 */
export function createRateLimit(options: RateLimitOptions): LimitRate {
  const { redis, circuit, perSecond, burst, onResult, keyPrefix = "orders-api:rate:" } = options;
  redis.defineCommand("takeToken", { numberOfKeys: 1, lua: script });

  /** Undefined when Redis does not say. */
  const take = (key: string): Promise<number | undefined> =>
    circuit.run(() => redis.takeToken(key, perSecond, burst)).catch(() => undefined);

  return async ({ id }) => {
    // By digest: neither the length nor the characters of an id are ours to choose.
    const waitMs = await take(`${keyPrefix}${hash("sha256", id, "base64url")}`);
    if (waitMs === undefined) return onResult("unknown");
    if (waitMs === 0) return onResult("allowed");
    onResult("limited");
    const message = `more than ${perSecond} requests per second`;
    throw new OrderError("RATE_LIMITED", message, [], { retryAfterMs: waitMs });
  };
}
