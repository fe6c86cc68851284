import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafka } from "../../deploy/local/kafka.ts";
import { startPostgres } from "../../deploy/local/postgres.ts";
import { removePostgresData } from "../../deploy/local/postgres-files.ts";
import { startRedis } from "../../deploy/local/redis.ts";

export interface ServerSet {
  readonly databaseUrl: string;
  readonly kafkaBrokers: string;
  readonly redisUrl: string;
  stop(): Promise<void>;
}

// A transaction that a test leaves open holds up the creation of slots in every database of the server: end it before the
// tests that wait for it run out of their time. The test that left it open is told by its drop().
const postgresSettings = { idle_in_transaction_session_timeout: "15s" };

/**
 * Starts, all at once, each server that the environment does not name (TEST_DATABASE_URL, TEST_KAFKA_BROKERS,
 * TEST_REDIS_URL), on free ports and with its data in a temporary folder. When one does not start, the others are stopped.
 */
export async function startServerSet(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<ServerSet> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-test-"));
  await chmod(folder, 0o711); // Postgres may run as another user, who has to pass through
  const postgresData = join(folder, "postgres");
  const running: { stop(): Promise<void> }[] = [];
  const started = async <T extends { port: number; stop(): Promise<void> }>(
    name: string,
    start: Promise<T>,
  ): Promise<T> => {
    const server = await start;
    running.push(server);
    log(`${name} answers on 127.0.0.1:${server.port}`);
    return server;
  };
  const stop = async () => {
    const results = await Promise.allSettled(running.map((server) => server.stop()));
    await removePostgresData(postgresData);
    await rm(folder, { recursive: true, force: true });
    throwRejected(results, "a server of the tests did not stop in order");
  };

  const postgres = async () =>
    env.TEST_DATABASE_URL ||
    (
      await started(
        "Postgres",
        startPostgres({
          dataDir: postgresData,
          port: 0,
          fsync: false,
          settings: postgresSettings,
          log,
        }),
      )
    ).superuserUrl();
  const kafka = async () =>
    env.TEST_KAFKA_BROKERS ||
    (await started("Kafka", startKafka({ dataDir: join(folder, "kafka"), port: 0, log }))).brokers;
  const redis = async () =>
    env.TEST_REDIS_URL ||
    (await started("Redis", startRedis({ dataDir: join(folder, "redis"), port: 0, persistent: false }))).url;

  const starting = [postgres(), kafka(), redis()] as const;
  try {
    // All are awaited, also when one fails: one that comes up late must not be left behind.
    throwRejected(await Promise.allSettled(starting), "the servers of the tests did not start");
    const [databaseUrl, kafkaBrokers, redisUrl] = await Promise.all(starting);
    return { databaseUrl, kafkaBrokers, redisUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function throwRejected(results: readonly PromiseSettledResult<unknown>[], message: string): void {
  const reasons = results.filter((result) => result.status === "rejected").map((result) => result.reason);
  if (reasons.length > 0)
    throw new Error(`${message}: ${reasons.map(String).join("\n")}`, { cause: reasons[0] });
}
