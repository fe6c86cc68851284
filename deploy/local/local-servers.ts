import { dataIn } from "./data-folder.ts";
import { startKafka } from "./kafka.ts";
import { hasKafkaLibraries } from "./kafka-libraries.ts";
import type { LocalConfig } from "./local-config.ts";
import { startPostgres } from "./postgres.ts";
import type { Progress } from "./progress.ts";
import { startRedis } from "./redis.ts";
import type { RunningServer } from "./running-servers.ts";
import { ensureSystemPackages } from "./system-packages.mjs";

export interface ServersOptions {
  readonly config: LocalConfig;
  readonly progress: Progress;
  /** Calls the start off. */
  readonly signal: AbortSignal;
  /** Called as soon as a server runs, so that it is stopped also when another one fails to start. */
  readonly onStarted: (server: RunningServer) => void;
}

/** Real Postgres, Kafka and Redis as processes of this machine. Resolves with the superuser's URL. */
export async function startLocalServers(options: ServersOptions): Promise<string> {
  const { config, progress, signal, onStarted } = options;
  const programs = (await hasKafkaLibraries())
    ? (["java", "redis-server"] as const)
    : (["java", "redis-server", "mvn"] as const);
  await progress.step(`programs: ${programs.join(", ")}`, async (log) => {
    const toDo = ensureSystemPackages(programs, log);
    if (toDo) throw new Error(toDo);
  });

  const data = dataIn(config.DATA_FOLDER);
  const start = <Server extends Omit<RunningServer, "name"> & { readonly port: number }>(
    name: string,
    begin: (log: (line: string) => void) => Promise<Server>,
  ) =>
    progress.step(
      name,
      async (log) => {
        const server = await begin(log);
        onStarted({ name, exited: server.exited, stop: () => server.stop() });
        return server;
      },
      ({ port }) => `on 127.0.0.1:${port}`,
    );

  const results = await Promise.allSettled([
    start("Postgres 18", (log) => {
      const { POSTGRES_PORT: port, POSTGRES_PASSWORD: password } = config;
      return startPostgres({ dataDir: data.postgres, port, password, signal, log });
    }),
    start("Kafka 4.3", (log) => startKafka({ dataDir: data.kafka, port: config.KAFKA_PORT, signal, log })),
    start("Redis", () => startRedis({ dataDir: data.redis, port: config.REDIS_PORT, signal })),
  ]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return `postgres://postgres:${config.POSTGRES_PASSWORD}@127.0.0.1:${config.POSTGRES_PORT}/postgres`;
}
