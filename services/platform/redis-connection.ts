import { Redis } from "ioredis";
import { createBackoff } from "./backoff.ts";
import type { Logger } from "./logger.ts";
import { type RedisServer, redisTlsOptions } from "./redis-server.ts";

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
 * A connection on which no command waits for Redis to come back: while it is away each fails at once. It reconnects by itself, for
 * ever; nobody waits for that either.
 */
export function connectRedis(options: {
  readonly server: RedisServer;
  /** Of the connection: in Redis' list of clients, and in the log. */
  readonly name: string;
  readonly log: Logger;
  /** Whether it subscribes again by itself when it is connected anew; true unless said otherwise. */
  readonly autoResubscribe?: boolean;
}): RedisConnection {
  const { server, name, log, autoResubscribe = true } = options;
  const backoff = createBackoff({ initialMs: 50, maxMs: 2_000 });
  let lastError: Error | undefined;
  let isReported = false;

  const redis = new Redis(server.url, {
    ...redisTlsOptions(server),
    autoResubscribe,
    connectionName: name,
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
    lastError = error;
  });
  // After each try that failed, and when a connection is lost, which need not be an error.
  redis.on("close", () => {
    if (!isReported) log.warn({ err: lastError, connection: name }, "redis is not reachable, trying again");
    isReported = true;
  });
  redis.on("ready", () => {
    backoff.reset();
    lastError = undefined;
    isReported = false;
    log.info({ connection: name }, "redis is ready");
  });
  // An idle connection that died is found by asking; the answer that stays out closes it (SILENCE_MS).
  const pings = setInterval(() => void redis.ping().catch(() => {}), PING_INTERVAL_MS);

  return {
    redis,
    notReady() {
      if (redis.status === "ready") return undefined;
      return `redis is not reachable: ${lastError?.message ?? "not connected"}`;
    },
    async close() {
      clearInterval(pings);
      isReported = true; // this end is no news
      if (redis.status === "ready") await redis.quit().catch(() => {});
      redis.disconnect();
    },
  };
}
