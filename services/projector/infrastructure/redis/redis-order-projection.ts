import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { ApplyResult, OrderProjection } from "../../application/order-projection.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import { orderCacheKey, orderChangedChannel, orderKey } from "./order-keys.ts";

const script = readFileSync(new URL("apply-order-event.lua", import.meta.url), "utf8");
const sha = createHash("sha1").update(script).digest("hex");

type Reply = readonly [error: Error | null, result: unknown];

/**
 * One hash per order: `version`, `status`, `event_id`, `order` (the proto3 JSON of orders.v1.Order) and `times`. One script call per
 * event, one round trip per batch; Redis runs the calls of a connection in their order. Nothing expires.
 */
export function createRedisOrderProjection(options: {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly now?: () => number;
}): OrderProjection {
  const { redis, keyPrefix, now = Date.now } = options;

  async function run(events: readonly OrderEvent[]): Promise<readonly Reply[]> {
    const pipeline = redis.pipeline();
    const projectedAt = now();
    for (const event of events) {
      const { orderId, version, status, json } = event.view;
      const keys = [orderKey, orderCacheKey, orderChangedChannel].map((name) => name(keyPrefix, orderId));
      const times = `${event.occurredAt ?? ""},${event.publishedAt ?? ""},${projectedAt}`;
      pipeline.evalsha(sha, keys.length, ...keys, event.id, version.toString(), status, json, times);
    }
    return (await pipeline.exec()) ?? [];
  }

  return {
    async apply(events) {
      let replies = await run(events);
      // Redis forgets scripts when it restarts or fails over.
      if (replies.some(([error]) => error?.message.startsWith("NOSCRIPT"))) {
        await redis.script("LOAD", script);
        replies = await run(events);
      }
      return replies.map(toResult);
    },
  };
}

function toResult([error, result]: Reply): ApplyResult {
  if (error) throw error;
  const [outcome, previousVersion] = result as [ApplyResult["outcome"], string];
  return { outcome, previousVersion: BigInt(previousVersion) };
}
