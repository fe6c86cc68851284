import { startKafka } from "./kafka.ts";
import { DATA_FOLDER, type LocalConfig } from "./local-config.ts";
import { startPostgres } from "./postgres.ts";
import type { Progress } from "./progress.ts";
import { startRedis } from "./redis.ts";
import { ensureSystemPackages } from "./system-packages.mjs";

/** Something that runs until it is stopped; `exited` settles with how when it ends by itself. */
export interface RunningServer {
  readonly name: string;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

export interface ServersOptions {
  readonly config: LocalConfig;
  readonly progress: Progress;
  /** Called as soon as a server runs, so that it is stopped also when another one fails to start. */
  readonly onStarted: (server: RunningServer) => void;
}

/** Real Postgres, Kafka and Redis as processes of this machine. Resolves with the superuser's URL. */
export async function startLocalServers({ config, progress, onStarted }: ServersOptions): Promise<string> {
  await progress.step("programs of the system", async (log) => {
    const toDo = ensureSystemPackages(["java", "mvn", "redis-server"], log);
    if (toDo) throw new Error(toDo);
  });
  const data = (name: string) => `${DATA_FOLDER}/${name}`;
  const address = ({ port }: { port: number }) => `on 127.0.0.1:${port}`;

  const results = await Promise.allSettled([
    progress.step(
      "Postgres 18",
      async (log) => {
        const { POSTGRES_PORT: port, POSTGRES_PASSWORD: password } = config;
        const postgres = await startPostgres({ dataDir: data("postgres"), port, password, log });
        onStarted({ name: "Postgres", exited: postgres.exited, stop: () => postgres.stop() });
        return postgres;
      },
      address,
    ),
    progress.step(
      "Kafka 4.3",
      async (log) => {
        const kafka = await startKafka({ dataDir: data("kafka"), port: config.KAFKA_PORT, log });
        onStarted({ name: "Kafka", exited: kafka.exited, stop: () => kafka.stop() });
        return kafka;
      },
      address,
    ),
    progress.step(
      "Redis",
      async (log) => {
        const redis = await startRedis({ dataDir: data("redis"), port: config.REDIS_PORT, log });
        onStarted({ name: "Redis", exited: redis.exited, stop: () => redis.stop() });
        return redis;
      },
      address,
    ),
  ]);
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
  }
  const [postgres] = results;
  if (postgres.status !== "fulfilled") throw new Error("unreachable: a rejected start was thrown above");
  return postgres.value.superuserUrl();
}
