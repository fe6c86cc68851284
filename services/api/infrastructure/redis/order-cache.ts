import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { Order } from "../../domain/order.ts";
import type { Circuit } from "./circuit.ts";
import type { OrderKeys } from "./order-keys.ts";
import { readOrder, writeOrder } from "./stored-order.ts";

const script = readFileSync(new URL("put-order.lua", import.meta.url), "utf8");
const sha = createHash("sha1").update(script).digest("hex");

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
  return {
    async get(id) {
      const json = await circuit.run(() => redis.hget(keys.cached(id), "order"));
      return json === null ? undefined : readOrder(json);
    },
    async put(order) {
      const values = [keys.cached(order.id), String(order.version), writeOrder(order), ttlMs] as const;
      await circuit.run(async () => {
        try {
          await redis.evalsha(sha, 1, ...values);
        } catch (error) {
          // Redis forgets scripts when it restarts or fails over.
          if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
          await redis.eval(script, 1, ...values);
        }
      });
    },
  };
}
