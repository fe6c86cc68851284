import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { kafkaBrokers, uniqueTopic } from "../../../test/support/kafka.ts";
import { redisUrl, uniquePrefix } from "../../../test/support/redis.ts";
import { loadConfig } from "../../platform/config.ts";
import { createLifecycle } from "../../platform/lifecycle.ts";
import { createProjector, type ProjectorOverrides } from "../composition-root.ts";
import { configSchema } from "../config.ts";

/** Variables of the projector. */
export type Environment = ReturnType<typeof ownEnvironment>;

/** Topics, a group and keys that no other test has. */
export function ownEnvironment(variables: Readonly<Record<string, string>> = {}) {
  const topic = uniqueTopic("orders-events");
  return {
    KAFKA_BROKERS: kafkaBrokers().join(),
    REDIS_URL: redisUrl(),
    PROJECTOR_TOPIC: topic,
    PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
    PROJECTOR_GROUP: `projector-${randomUUID()}`,
    PROJECTOR_KEY_PREFIX: uniquePrefix(),
    PROJECTOR_SESSION_TIMEOUT_MS: "6000",
    OPS_PORT: "0",
    LOG_LEVEL: "fatal",
    ...variables,
  };
}

export interface ProjectorUnderTest {
  /** Fetches from the ops server. */
  ops(path: "/livez" | "/readyz" | "/metrics"): Promise<{ status: number; body: string }>;
  /** The sum of a metric's series whose line contains all of these labels. */
  metric(name: string, ...labels: string[]): Promise<number>;
  ready(): Promise<void>;
  /** Resolves with the releases that failed. */
  stop(): Promise<readonly string[]>;
}

/** Starts the service in this process; it is stopped when the test ends. */
export async function startProjector(
  environment: Environment,
  overrides?: ProjectorOverrides,
): Promise<ProjectorUnderTest> {
  const config = loadConfig(configSchema, environment);
  const log = pino({ level: config.LOG_LEVEL });
  const lifecycle = createLifecycle({ timeoutMs: 15_000, log });
  const { opsPort } = await createProjector(config, { log, lifecycle }, overrides);
  const stop = async () => (await lifecycle.stop()).failed;
  onTestFinished(async () => void (await stop()));

  const ops: ProjectorUnderTest["ops"] = async (path) => {
    const response = await fetch(`http://127.0.0.1:${opsPort}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    ops,
    async metric(name, ...labels) {
      const lines = (await ops("/metrics")).body.split("\n");
      return lines
        .filter((line) => line.startsWith(name) && labels.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
    ready: () =>
      eventually(async () => expect(await ops("/readyz")).toMatchObject({ status: 200 }), {
        timeoutMs: 25_000,
      }).then(() => {}),
    stop,
  };
}

/** Looks into the read model with a client of its own. */
export function readModel(environment: Environment) {
  const redis = new Redis(environment.REDIS_URL);
  onTestFinished(() => redis.disconnect());
  const keyOf = (orderId: string) => `${environment.PROJECTOR_KEY_PREFIX}order:{${orderId}}`;
  return {
    redis,
    order: (orderId: string) => redis.hgetall(keyOf(orderId)),
    secondsToLive: (orderId: string) => redis.ttl(keyOf(orderId)),
  };
}
