import type { Redis } from "ioredis";
import type { Logger } from "../../../platform/logger.ts";

/** When the connection is lost all who listen are told of it, spread over this time: they may turn to the database. */
const SPREAD_MS = 1_000;

/** Who listens on which channel, over one connection. */
export interface OrderHints {
  /** Calls `onHint` at each message, when the channel begins to be heard, and when the connection is lost. Returns what ends it. */
  listen(channel: string, onHint: () => void): () => void;
}

/** `redis`: a connection of its own, which does not subscribe again by itself: that is done here, for it has to be told. */
export function createOrderHints(redis: Redis, log: Logger): OrderHints {
  const listeners = new Map<string, Set<() => void>>();

  function ring(channel: string): void {
    for (const onHint of listeners.get(channel) ?? []) onHint();
  }
  function subscribe(channel: string): void {
    if (redis.status !== "ready") return; // it comes when it is
    redis.ssubscribe(channel).then(
      () => ring(channel),
      (err: unknown) => {
        // A lost connection comes again. A refusal does not end by itself: those that listen look now and then, which is slow.
        if (redis.status !== "ready" || isReported) return;
        isReported = true;
        log.error({ err }, "redis refuses to tell of changed orders");
      },
    );
  }

  let isConnected = false;
  let isReported = false;
  redis.on("ready", () => {
    isConnected = true;
    isReported = false;
    for (const channel of listeners.keys()) subscribe(channel);
  });
  redis.on("close", () => {
    if (!isConnected) return; // a try to connect has failed
    isConnected = false;
    for (const channel of listeners.keys()) setTimeout(ring, Math.random() * SPREAD_MS, channel).unref();
  });
  redis.on("smessage", ring);

  return {
    listen(channel, onHint) {
      const there = listeners.get(channel);
      const all = there ?? new Set();
      listeners.set(channel, all.add(onHint));
      if (!there) subscribe(channel);
      return () => {
        all.delete(onHint);
        if (all.size > 0 || listeners.get(channel) !== all) return;
        listeners.delete(channel);
        if (redis.status === "ready") redis.sunsubscribe(channel).catch(() => {});
      };
    },
  };
}
