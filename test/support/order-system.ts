import { expect } from "vitest";
import type { ServiceName } from "../../deploy/local/process-environment.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { kafkaBrokers, uniqueTopic } from "./kafka.ts";
import { redisUrl, uniquePrefix } from "./redis.ts";
import { type ServiceProcess, spawnService } from "./service-process.ts";

export interface OrderSystem {
  readonly database: TestDatabase;
  readonly topic: string;
  readonly keyPrefix: string;
  readonly restUrl: string;
  readonly grpcUrl: string;
  readonly processes: Readonly<Record<ServiceName, ServiceProcess>>;
  /** Kills the API, and starts another on the same ports once `meanwhile` is over. */
  replaceApi(meanwhile: () => Promise<void>): Promise<void>;
  /** Starts one more of a service beside those that run, on ports of its own; resolves when it is ready. */
  startAnother(name: ServiceName): Promise<Replica>;
  stop(): Promise<void>;
}

export interface Replica {
  readonly process: ServiceProcess;
  readonly ports: Readonly<Record<string, number>>;
}

export interface OrderSystemOptions {
  /** More of them, by service; they win. */
  readonly variables?: Readonly<Partial<Record<ServiceName, Record<string, string>>>>;
  /** Default: a database on the run's Postgres. */
  readonly createDatabase?: () => Promise<TestDatabase>;
}

/** The three services as they run in production: a process each, which share nothing but Postgres, Kafka and Redis. */
export async function startOrderSystem({
  variables = {},
  createDatabase = createTestDatabase,
}: OrderSystemOptions = {}): Promise<OrderSystem> {
  const topic = uniqueTopic("orders-events");
  const keyPrefix = uniquePrefix();
  const database = await createDatabase();
  const servers = { KAFKA_BROKERS: kafkaBrokers().join(), REDIS_URL: redisUrl(), OPS_PORT: "0" };
  const spawnApi = (httpPort: number, grpcPort: number) =>
    spawnService("api", {
      ...servers,
      DATABASE_URL: database.apiUrl,
      AUTH: "off",
      API_PORT: `${httpPort}`,
      API_GRPC_PORT: `${grpcPort}`,
      API_KEY_PREFIX: keyPrefix,
      API_REDIS_TIMEOUT_MS: "2000", // not the test's machine is to be tested
      ...variables.api,
    });
  const spawn: Readonly<Record<ServiceName, () => ServiceProcess>> = {
    api: () => spawnApi(0, 0),
    relay: () =>
      spawnService("relay", {
        ...servers,
        DATABASE_URL: database.relayUrl,
        RELAY_SLOT: `${database.name}_slot`,
        RELAY_TOPICS: `order=${topic}`,
        ...variables.relay,
      }),
    projector: () =>
      spawnService("projector", {
        ...servers,
        PROJECTOR_TOPIC: topic,
        PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
        PROJECTOR_GROUP: `${topic}-projector`,
        PROJECTOR_KEY_PREFIX: keyPrefix,
        ...variables.projector,
      }),
  };
  const processes = { api: spawn.api(), relay: spawn.relay(), projector: spawn.projector() };
  const others: ServiceProcess[] = [];
  const stop = async () => {
    await Promise.all([...Object.values(processes), ...others].map((service) => service.end("SIGKILL")));
    await database.drop();
  };
  try {
    const [ports] = await Promise.all([
      untilReady(processes.api),
      untilReady(processes.relay),
      untilReady(processes.projector),
    ]);
    return {
      database,
      topic,
      keyPrefix,
      restUrl: `http://127.0.0.1:${ports.httpPort}`,
      grpcUrl: `http://127.0.0.1:${ports.grpcPort}`,
      processes,
      async replaceApi(meanwhile) {
        await processes.api.end("SIGKILL");
        await meanwhile();
        processes.api = spawnApi(ports.httpPort as number, ports.grpcPort as number);
        await untilReady(processes.api);
      },
      async startAnother(name) {
        const another = spawn[name]();
        others.push(another);
        return { process: another, ports: await untilReady(another) };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(service: ServiceProcess): Promise<Record<string, number>> {
  const ports = await service.started();
  await eventually(
    async () => {
      const response = await fetch(`http://127.0.0.1:${ports.opsPort}/readyz`);
      expect(response.status, await response.text()).toBe(200);
    },
    { timeoutMs: 30_000 },
  );
  return ports;
}
