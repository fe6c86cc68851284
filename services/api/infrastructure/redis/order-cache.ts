import { readFileSync } from "node:fs";
import type { Redis, Result } from "ioredis";
import type { Order } from "../../domain/order.ts";
import type { Circuit } from "./circuit.ts";
import type { OrderKeys } from "./order-keys.ts";
import { readOrder, writeOrder } from "./stored-order.ts";

const script = readFileSync(new URL("put-order.lua", import.meta.url), "utf8");

declare module "ioredis" {
  interface RedisCommander<Context> {
    putOrder(key: string, version: string, order: string, ttlMs: number): Result<number, Context>;
  }
}

/** The cache's entries in Redis; what cannot be had there is thrown, soon. */
export interface OrderCache {
  /** @throws Error, CircuitOpen */
  get(id: string): Promise<Order | undefined>;
  /** Never in the place of the same version or a newer one. @throws Error, CircuitOpen */
  put(order: Order): Promise<void>;
}

export function createOrderCache(options: {
  readonly redis: Redis;
  readonly circuit: Circuit;
  readonly keys: OrderKeys;
  readonly ttlMs: number;
}): OrderCache {
  const { redis, circuit, keys, ttlMs } = options;
  redis.defineCommand("putOrder", { numberOfKeys: 1, lua: script });
  return {
    async get(id) {
      const json = await circuit.run(() => redis.hget(keys.cached(id), "order"));
      return json === null ? undefined : readOrder(json);
    },
    async put(order) {
      const [key, version, json] = [keys.cached(order.id), String(order.version), writeOrder(order)];
      await circuit.run(() => redis.putOrder(key, version, json, ttlMs));
    },
  };
}
