import type { CachedOrders, OrderRepository } from "../../application/ports.ts";
import type { Order } from "../../domain/order.ts";
import { CircuitOpen } from "./circuit.ts";
import type { CommittedVersions } from "./committed-versions.ts";
import type { OrderCache } from "./order-cache.ts";
import { createSingleFlight } from "./single-flight.ts";

/** What a look into the cache gave; `stale`: an older version than this process has committed; `off`: Redis was not asked. */
export const cacheReadResults = ["hit", "miss", "stale", "error", "off"] as const;
export type CacheReadResult = (typeof cacheReadResults)[number];
export const cacheWriteResults = ["ok", "error", "off"] as const;
export type CacheWriteResult = (typeof cacheWriteResults)[number];

export interface CacheObserver {
  cacheRead(result: CacheReadResult): void;
  cacheWrite(result: CacheWriteResult): void;
}

/**
 * Orders through the cache: read-through, one load at a time for each order, and written through after a commit. Whatever Redis does,
 * an answer costs at most two of its timeouts more than without it.
 */
export function createCachedOrders(options: {
  readonly orders: Pick<OrderRepository<never>, "find">;
  readonly cache: OrderCache;
  readonly committed: CommittedVersions;
  /** What was read longer ago is not put into the cache: it may be older than what has been put, and has expired, since. */
  readonly freshMs: number;
  /** Monotonic, in ms. */
  readonly now: () => number;
  readonly observer: CacheObserver;
}): CachedOrders {
  const { orders, cache, committed, freshMs, now, observer } = options;
  const flights = createSingleFlight<Order | undefined>();

  async function load(id: string, signal: AbortSignal): Promise<Order | undefined> {
    const cached = await lookUp(id);
    if (cached) return cached;
    const from = now();
    const order = await orders.find(id, { signal, remainingMs: () => undefined });
    if (order && order.version >= committed.of(id) && now() - from < freshMs) void put(order);
    return order;
  }

  async function lookUp(id: string): Promise<Order | undefined> {
    try {
      const cached = await cache.get(id);
      if (!cached) observer.cacheRead("miss");
      else if (cached.version < committed.of(id)) observer.cacheRead("stale");
      else {
        observer.cacheRead("hit");
        return cached;
      }
    } catch (error) {
      observer.cacheRead(error instanceof CircuitOpen ? "off" : "error");
    }
    return undefined;
  }

  async function put(order: Order): Promise<void> {
    try {
      await cache.put(order);
      observer.cacheWrite("ok");
    } catch (error) {
      observer.cacheWrite(error instanceof CircuitOpen ? "off" : "error");
    }
  }

  return {
    async find(id, deadline) {
      const least = committed.of(id);
      const order = await flights.join(id, (signal) => load(id, signal), deadline.signal);
      if ((order?.version ?? 0n) >= least) return order;
      return orders.find(id, deadline); // the load that was joined had begun before that commit
    },
    async committed(order) {
      committed.note(order.id, order.version);
      await put(order);
    },
  };
}
