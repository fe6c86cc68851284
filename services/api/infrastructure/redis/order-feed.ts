import type { Redis } from "ioredis";
import type { EventPath, OrderFeed } from "../../application/order-feed.ts";
import type { Circuit } from "./circuit.ts";
import type { OrderHints } from "./order-hints.ts";
import type { OrderKeys } from "./order-keys.ts";
import { readOrder } from "./stored-order.ts";

/** The projector's read model and its hints, as it keeps them in Redis (services/projector/README.md). */
export function createOrderFeed(options: {
  readonly redis: Redis;
  readonly circuit: Circuit;
  readonly hints: OrderHints;
  readonly keys: OrderKeys;
}): OrderFeed {
  const { redis, circuit, hints, keys } = options;
  return {
    async find(id) {
      const [order, times] = await circuit.run(() => redis.hmget(keys.view(id), "order", "times"));
      return order ? { order: readOrder(order), path: readTimes(times ?? "") } : undefined;
    },
    listen: (id, onHint) => hints.listen(keys.changed(id), onHint),
  };
}

/** "<written>,<published>,<projected>" in ms since the epoch; each may be empty. */
export function readTimes(times: string): EventPath | undefined {
  const [writtenAt, publishedAt, projectedAt] = times
    .split(",")
    .map((ms) => (/^\d{1,15}$/.test(ms) ? new Date(Number(ms)) : undefined));
  return writtenAt || publishedAt || projectedAt ? { writtenAt, publishedAt, projectedAt } : undefined;
}
