import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { ApplyResult, OrderProjection } from "../../application/order-projection.ts";
import type { OrderEvent } from "../../domain/order-event.ts";

const script = readFileSync(new URL("apply-order-event.lua", import.meta.url), "utf8");
const sha = createHash("sha1").update(script).digest("hex");

type Reply = readonly [error: Error | null, result: unknown];

/** The key of an order's hash. The braces make the order id alone decide the slot in a Redis cluster. */
export function orderKey(keyPrefix: string, orderId: string): string {
  return `${keyPrefix}order:{${orderId}}`;
}

/**
 * One hash per order: `version`, `status`, `event_id`, and `order` (the proto3 JSON of orders.v1.Order). One script call per event,
 * one round trip per batch; Redis runs the calls of a connection in their order. Nothing expires.
 */
export function createRedisOrderProjection(options: {
  readonly redis: Redis;
  readonly keyPrefix: string;
}): OrderProjection {
  const { redis, keyPrefix } = options;

  async function run(events: readonly OrderEvent[]): Promise<readonly Reply[]> {
    const pipeline = redis.pipeline();
    for (const { id, view } of events) {
      const { orderId, version, status, json } = view;
      pipeline.evalsha(sha, 1, orderKey(keyPrefix, orderId), id, version.toString(), status, json);
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
