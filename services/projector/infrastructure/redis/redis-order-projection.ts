import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { ApplyResult, OrderProjection } from "../../application/order-projection.ts";
import type { OrderEvent } from "../../domain/order-event.ts";
import { isFinal } from "../../domain/order-view.ts";
import { orderCacheKey, orderChangedChannel, orderKey } from "./order-keys.ts";

const script = readFileSync(new URL("apply-order-events.lua", import.meta.url), "utf8");
const sha = createHash("sha1").update(script).digest("hex");

/** A call costs Redis and us as much as two events in it; and nobody else is served while it runs: 0.3 ms with these. */
const EVENTS_PER_CALL = 50;

type Reply = readonly [error: Error | null, result: unknown];

/**
 * One hash per order: `version`, `status`, `event_id`, `order` (the proto3 JSON of orders.v1.Order) and `times`. One script call for
 * some events, one round trip per batch; Redis runs the calls of a connection in their order.
 */
export function createRedisOrderProjection(options: {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** For how long an order that changes no more is kept; 0: for ever. */
  readonly finalOrderMs?: number;
  readonly now?: () => number;
}): OrderProjection {
  const { redis, keyPrefix, finalOrderMs = 0, now = Date.now } = options;
  let eventsPerCall = EVENTS_PER_CALL;

  async function run(events: readonly OrderEvent[]): Promise<readonly Reply[]> {
    const projectedAt = now();
    const pipeline = redis.pipeline();
    for (let from = 0; from < events.length; from += eventsPerCall) {
      const keys: string[] = [];
      const values: string[] = [];
      const part = events.slice(from, from + eventsPerCall);
      for (const { id, occurredAt, publishedAt, view } of part) {
        const { orderId, version, status, json } = view;
        keys.push(orderKey(keyPrefix, orderId));
        keys.push(orderCacheKey(keyPrefix, orderId));
        keys.push(orderChangedChannel(keyPrefix, orderId));
        const times = `${occurredAt ?? ""},${publishedAt ?? ""},${projectedAt}`;
        values.push(id, version.toString(), status, json, times);
      }
      const finals = finalOrderMs > 0 ? part.flatMap(({ view }, at) => (isFinal(view) ? [at] : [])) : [];
      pipeline.evalsha(sha, keys.length, ...keys, ...values, finalOrderMs, finals.join());
    }
    return (await pipeline.exec()) ?? [];
  }

  return {
    async apply(events) {
      let replies = await run(events);
      // A node of a cluster takes only keys of one slot in a call.
      if (eventsPerCall > 1 && someFailed(replies, "CROSSSLOT")) {
        eventsPerCall = 1;
        replies = await run(events);
      }
      // Redis forgets scripts when it restarts or fails over.
      if (someFailed(replies, "NOSCRIPT")) {
        await redis.script("LOAD", script);
        replies = await run(events);
      }
      return replies.flatMap(toResults);
    },
  };
}

function someFailed(replies: readonly Reply[], code: string): boolean {
  return replies.some(([error]) => error?.message.startsWith(code));
}

function toResults([error, result]: Reply): ApplyResult[] {
  if (error) throw error;
  const words = (result as string).split(" ");
  const results: ApplyResult[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const outcome = words[i] as ApplyResult["outcome"];
    results.push({ outcome, previousVersion: BigInt(words[i + 1] as string) });
  }
  return results;
}
