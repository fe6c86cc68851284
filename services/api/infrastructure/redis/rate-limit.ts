import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis, Result } from "ioredis";
import type { LimitRate } from "../../application/access.ts";
import { OrderError } from "../../domain/order-error.ts";

/** How a request was counted; "unknown": Redis did not say. */
export const rateLimitResults = ["allowed", "limited", "unknown"] as const;
export type RateLimitResult = (typeof rateLimitResults)[number];

export interface RateLimitOptions {
  readonly redis: Redis;
  /** Requests of a caller, in the long run. */
  readonly perSecond: number;
  /** What it may ask for at once after a rest. */
  readonly burst: number;
  readonly onResult: (result: RateLimitResult) => void;
  readonly keyPrefix?: string;
  /** How long a request waits for its count at the most. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30;
/** After a request that waited in vain none asks for a while. */
const PAUSE_MS = 1_000;

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
  const { redis, perSecond, burst, onResult } = options;
  const { keyPrefix = "orders-api:rate:", patienceMs = PATIENCE_MS } = options;
  redis.defineCommand("takeToken", { numberOfKeys: 1, lua: script });
  let askAgainAt = 0;

  /** Undefined when Redis does not say. */
  async function take(key: string): Promise<number | undefined> {
    if (redis.status !== "ready" || performance.now() < askAgainAt) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, patienceMs, undefined);
    });
    const answer = redis.takeToken(key, perSecond, burst).catch(() => undefined);
    const waitMs = await Promise.race([answer, tooLate]);
    clearTimeout(timer);
    if (waitMs === undefined) askAgainAt = performance.now() + PAUSE_MS;
    return waitMs;
  }

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
