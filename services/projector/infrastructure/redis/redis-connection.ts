import { Redis } from "ioredis";
import { createBackoff } from "../../../platform/backoff.ts";
import type { Logger } from "../../../platform/logger.ts";

export interface RedisConnection {
  readonly redis: Redis;
  /** Why Redis cannot be used now, or undefined. */
  notReady(): string | undefined;
  close(): Promise<void>;
}

/** A connection that has been silent for this long while an answer is due is dead. */
const SILENCE_MS = 2_000;
const PING_INTERVAL_MS = 1_000;

/**
 * A connection to Redis that never lets a command wait: while Redis is away every command fails at once, and the caller tries
 * again. It reconnects by itself, for ever.
 */
export function connectRedis(options: { readonly url: string; readonly log: Logger }): RedisConnection {
  const { url, log } = options;
  const backoff = createBackoff({ initialMs: 50, maxMs: 2_000 });
  let lastError = "not connected yet";
  let reported = false;

  const redis = new Redis(url, {
    connectionName: "projector",
    connectTimeout: 5_000,
    enableOfflineQueue: false,
    // 0: what was sent and not answered fails as soon as the connection is lost. With 1 or more and no resending, ioredis drops
    // such commands at a quick reconnect without ever answering them; with resending, an old batch runs behind a new one.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // One timer per connection. `commandTimeout` is one per command, and leaves the dead connection in place.
    socketTimeout: SILENCE_MS,
    retryStrategy: () => backoff.next(),
    // After a failover the old primary answers, but takes no writes.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
  // Without a listener ioredis prints to the console.
  redis.on("error", (error: Error) => {
    lastError = error.message;
    if (!reported) log.error({ err: error }, "redis is not reachable, trying again");
    reported = true;
  });
  redis.on("ready", () => {
    backoff.reset();
    reported = false;
    log.info({}, "redis is ready");
  });
  // An idle connection that died is found by asking; the answer that stays out closes it (SILENCE_MS).
  const pings = setInterval(() => void redis.ping().catch(() => {}), PING_INTERVAL_MS);

  return {
    redis,
    notReady: () => (redis.status === "ready" ? undefined : `redis is not reachable: ${lastError}`),
    async close() {
      clearInterval(pings);
      if (redis.status === "ready") await redis.quit().catch(() => {});
      redis.disconnect();
    },
  };
}
