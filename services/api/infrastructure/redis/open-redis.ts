import type { Redis } from "ioredis";
import { createBackoff } from "../../../platform/backoff.ts";
import type { Logger } from "../../../platform/logger.ts";
import { connectRedis } from "../../../platform/redis-connection.ts";
import type { RedisServer } from "../../../platform/redis-server.ts";
import type { OrderFeed } from "../../application/order-feed.ts";
import type { CachedOrders, OrderRepository } from "../../application/ports.ts";
import { type CacheObserver, createCachedOrders } from "./cached-orders.ts";
import { type Circuit, createCircuit } from "./circuit.ts";
import { createCommittedVersions } from "./committed-versions.ts";
import { createOrderCache } from "./order-cache.ts";
import { createOrderFeed } from "./order-feed.ts";
import { createOrderHints } from "./order-hints.ts";
import { orderKeys } from "./order-keys.ts";

/** About 20 MB. */
const MAX_COMMITTED_VERSIONS = 100_000;

/** A connection, and what keeps from waiting for a Redis that does not answer soon, and from asking it again and again. */
export interface RedisCommands {
  readonly redis: Redis;
  readonly circuit: Circuit;
}

export interface OrdersInRedis {
  /** Undefined when nothing is to be cached. */
  readonly cache: CachedOrders | undefined;
  readonly feed: OrderFeed;
  /** For short commands of others. */
  readonly commands: RedisCommands;
  close(): Promise<void>;
}

/** The cache and the read model; neither is needed, nor waited for: not at the start either. */
export function openRedis(options: {
  readonly server: RedisServer;
  readonly timeoutMs: number;
  readonly keyPrefix: string;
  /** 0: nothing is cached. */
  readonly cacheSeconds: number;
  readonly orders: Pick<OrderRepository<never>, "find">;
  readonly observer: CacheObserver;
  readonly log: Logger;
}): OrdersInRedis {
  const { server, timeoutMs, keyPrefix, cacheSeconds, orders, observer, log } = options;
  const commands = connectRedis({ server, name: "orders-api", log });
  // Of its own: a message that is large, or late, holds up no command.
  const subscriptions = connectRedis({
    server,
    name: "orders-api-watches",
    log,
    autoResubscribe: false,
  });
  const now = () => performance.now();
  const circuit = createCircuit({
    timeoutMs,
    backoff: createBackoff({ initialMs: 250, maxMs: 5_000 }),
    now,
    isAnswer: (error) => error instanceof Error && error.message.startsWith("WRONGTYPE"),
    onOpen: (err) => log.warn({ err }, "redis fails: going on without it"),
    onClose: () => log.info({}, "redis answers again"),
  });
  const keys = orderKeys(keyPrefix);
  const { redis } = commands;
  const ttlMs = cacheSeconds * 1_000;
  const createCache = () =>
    createCachedOrders({
      orders,
      cache: createOrderCache({ redis, circuit, keys, ttlMs }),
      committed: createCommittedVersions({ max: MAX_COMMITTED_VERSIONS, keptMs: 2 * ttlMs, now }),
      freshMs: ttlMs / 2,
      now,
      observer,
    });
  return {
    cache: cacheSeconds > 0 ? createCache() : undefined,
    commands: { redis, circuit },
    feed: createOrderFeed({ redis, circuit, hints: createOrderHints(subscriptions.redis, log), keys }),
    async close() {
      await Promise.all([commands.close(), subscriptions.close()]);
    },
  };
}
