import { Pool, type PoolConfig } from "pg";
import type { Logger } from "./logger.ts";

/**
 * A pool whose broken connections are logged and never end the process: pg emits `error` on the pool for an idle client, and on the
 * client itself for one that is checked out but has no query running. Whoever runs a query gets the error there as well.
 */
export function createPostgresPool(config: PoolConfig, log: Logger): Pool {
  const pool = new Pool({ keepAlive: true, ...config });
  pool.on("error", (err) => log.warn({ err }, "an idle database connection broke"));
  pool.on("connect", (client) => {
    client.on("error", (err) => log.debug({ err }, "a database connection broke"));
  });
  return pool;
}
