import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedis } from "../../deploy/local/redis.ts";
import { orderKey } from "../../services/projector/infrastructure/redis/order-keys.ts";
import { readToEnd, uniqueTopic } from "../support/kafka.ts";
import { spawnService } from "../support/service-process.ts";
import type { BenchContext } from "./context.ts";
import { type OrderEvents, writeOrderEvents } from "./order-events.ts";
import { sampleUsage } from "./process-usage.ts";
import { median } from "./statistics.ts";

export interface ProjectorFigures {
  /** From the first event that is applied to the last. */
  readonly events_per_s: number;
  readonly cpu_us_per_event: number;
  readonly rss_peak_mb: number;
}

const LONGEST_MS = 120_000;
const POLL_MS = 20;

/** Projects the same topic again and again, each time into an empty Redis. @throws Error when the read model is not what the topic says. */
export async function benchProjector(context: BenchContext): Promise<ProjectorFigures> {
  const { log, signal } = context;
  const { brokers } = context.kafka;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = await startRedis({ dataDir: folder, port: 0, signal });
  stack.defer(() => server.stop());
  const redis = new Redis(server.url);
  stack.defer(() => redis.disconnect());

  log(`writing ${context.events} order events to a topic`);
  const events = await writeOrderEvents(uniqueTopic("bench"), brokers, context.events);
  const rounds: ProjectorFigures[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    signal.throwIfAborted();
    await redis.flushall();
    const figures = await project(events, brokers, server.url, `bench-${round}-${events.topic}`);
    await assertProjected(redis, events);
    rounds.push(figures);
    log(
      `round ${round}: the projector applies ${figures.events_per_s.toFixed()} events/s, ` +
        `${figures.cpu_us_per_event.toFixed(1)} µs CPU each, ${figures.rss_peak_mb.toFixed()} MB`,
    );
  }
  return {
    events_per_s: median(rounds.map((round) => round.events_per_s)),
    cpu_us_per_event: median(rounds.map((round) => round.cpu_us_per_event)),
    rss_peak_mb: Math.max(...rounds.map((round) => round.rss_peak_mb)),
  };
}

async function project(
  { topic, count }: OrderEvents,
  brokers: string,
  redisUrl: string,
  group: string,
): Promise<ProjectorFigures> {
  const deadLetters = `${group}.dlq`;
  const projector = spawnService("projector", {
    KAFKA_BROKERS: brokers,
    REDIS_URL: redisUrl,
    PROJECTOR_TOPIC: topic,
    PROJECTOR_DLQ_TOPIC: deadLetters,
    PROJECTOR_GROUP: group,
    OPS_PORT: "0",
  });
  const usage = sampleUsage(projector.pid);
  try {
    const { opsPort } = await projector.started();
    const applied = async () => {
      const response = await fetch(`http://127.0.0.1:${opsPort}/metrics`);
      return Number(/^projector_events_total\{result="applied"\} (\d+)$/m.exec(await response.text())?.[1]);
    };
    const first = await until(applied, 1);
    const last = await until(applied, count);
    await sleep(50); // a sample past the end
    const code = await projector.end("SIGTERM");
    if (code !== 0) throw new Error(`the projector ended with ${code}: ${projector.errors()}`);
    const letters = await readToEnd(deadLetters, { brokers });
    if (letters.length > 0) throw new Error(`${letters.length} events are dead letters`);
    const done = last.value - first.value;
    return {
      events_per_s: (done * 1000) / (last.at - first.at),
      cpu_us_per_event: (usage.cpuBetween(first.at, last.at) * 1000) / done,
      rss_peak_mb: usage.peakMemoryMb,
    };
  } finally {
    usage.stop();
    await projector.end("SIGKILL");
  }
}

async function until(read: () => Promise<number>, least: number): Promise<{ value: number; at: number }> {
  for (const end = Date.now() + LONGEST_MS; Date.now() < end; await sleep(POLL_MS)) {
    const value = await read();
    if (value >= least) return { value, at: Date.now() };
  }
  throw new Error(`the projector did not apply ${least} events in ${LONGEST_MS / 1000} s`);
}

async function assertProjected(redis: Redis, { last }: OrderEvents): Promise<void> {
  const size = await redis.dbsize();
  if (size !== last.size) throw new Error(`the read model has ${size} orders, the topic ${last.size}`);
  const orders = [...last];
  for (let at = 0; at < orders.length; at += 5_000) {
    const part = orders.slice(at, at + 5_000);
    const pipeline = redis.pipeline();
    for (const [orderId] of part) pipeline.hmget(orderKey("", orderId), "version", "event_id");
    const replies = (await pipeline.exec()) ?? [];
    part.forEach(([orderId, { version, eventId }], i) => {
      const shown = String(replies[i]?.[1]);
      if (shown !== `${version},${eventId}`) throw new Error(`order ${orderId} shows ${shown}`);
    });
  }
}
