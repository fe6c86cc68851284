import { randomUUIDv7 } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Registry } from "prom-client";
import { startOpsServer } from "../platform/ops-server.ts";
import { createPageApp } from "../platform/page-app.ts";
import { createPostgresPool } from "../platform/postgres-pool.ts";
import { readRedisServer } from "../platform/redis-server.ts";
import type { ServiceContext } from "../platform/run-service.ts";
import { openTracing } from "../platform/tracing/open-tracing.ts";
import { createOrderUseCases } from "./application/factories/order-use-cases.ts";
import { createWatches } from "./application/watches.ts";
import { composeCertificate, composeGate } from "./compose-access.ts";
import type { ApiConfig } from "./config.ts";
import { createAccessMetrics } from "./infrastructure/access-metrics.ts";
import { sha256 } from "./infrastructure/digest.ts";
import { createApiMetrics } from "./infrastructure/metrics.ts";
import { createConnections } from "./infrastructure/postgres/connections.ts";
import { startDatabaseProbe } from "./infrastructure/postgres/database-probe.ts";
import { deleteExpiredKeys } from "./infrastructure/postgres/expired-keys.ts";
import { createIdempotencyStore } from "./infrastructure/postgres/idempotency-store.ts";
import { createOrderRepository } from "./infrastructure/postgres/order-repository.ts";
import { createOutboxRepository } from "./infrastructure/postgres/outbox-repository.ts";
import { createTxManager } from "./infrastructure/postgres/transactions.ts";
import { openRedis } from "./infrastructure/redis/open-redis.ts";
import { createTransactionSpans } from "./infrastructure/transaction-spans.ts";
import { MAX_TIMEOUT_MS } from "./transport/max-timeout.ts";
import { builtPage } from "./transport/page/built-page.ts";
import { createRestApp } from "./transport/rest/rest-app.ts";
import { rpcRoutes } from "./transport/rpc/rpc-routes.ts";
import { startServers } from "./transport/servers.ts";

export interface RunningApi {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
}

/** Part of what SHUTDOWN_DELAY_MS leaves of SHUTDOWN_TIMEOUT_MS that the listeners may take for what is in flight. */
const DRAIN_SHARE = 0.8;

/** Builds the API's infrastructure and starts its listeners; all of it stops with the lifecycle. */
export async function createApi(config: ApiConfig, context: ServiceContext): Promise<RunningApi> {
  const { log, lifecycle } = context;
  const registry = new Registry();
  const tracer = await openTracing(config, context, {
    serviceName: "orders-api",
    registry,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  });
  const pool = createPostgresPool(
    {
      connectionString: config.DATABASE_URL,
      application_name: "orders-api",
      max: config.DATABASE_POOL_SIZE,
      connectionTimeoutMillis: config.DATABASE_TIMEOUT_MS,
      statement_timeout: config.DATABASE_TIMEOUT_MS,
    },
    log,
  );
  const metrics = createApiMetrics(registry);
  const database = createConnections({
    pool,
    maxWaiting: config.DATABASE_POOL_QUEUE,
    maxWaitMs: config.DATABASE_QUEUE_TIMEOUT_MS,
    statementTimeoutMs: config.DATABASE_TIMEOUT_MS,
    onShed: metrics.shed,
    log,
  });
  lifecycle.onStop("database pool", () => database.close());
  metrics.observeConnections(database.counts);

  const background = new AbortController();
  lifecycle.onStop("database probe and clean-up", () => background.abort());
  const keptMs = config.API_IDEMPOTENCY_HOURS * 3_600_000;
  const { signal } = background;
  void deleteExpiredKeys({ database, keptMs, onDeleted: metrics.expiredKeysDeleted, signal, log });

  const orders = createOrderRepository(database);
  const redis =
    config.REDIS_URL === undefined
      ? undefined
      : openRedis({
          server: readRedisServer(config.REDIS_URL, config),
          timeoutMs: config.API_REDIS_TIMEOUT_MS,
          keyPrefix: config.API_KEY_PREFIX,
          cacheSeconds: config.API_CACHE_SECONDS,
          orders,
          observer: metrics,
          log,
        });
  lifecycle.onStop("Redis connections", () => redis?.close());

  const access = { config, metrics: createAccessMetrics(registry), log, lifecycle };
  const { gate, checks: accessChecks } = composeGate(access, redis?.commands);

  const stopping = new AbortController();
  const checks = {
    database: startDatabaseProbe(pool, log, signal),
    ...accessChecks,
    lifecycle: () => (stopping.signal.aborted ? "the API is stopping" : undefined),
  };
  const { HOST: host, OPS_PORT: port } = config;
  const opsPort = await startOpsServer({ host, port, registry, checks, lifecycle });

  const watches = createWatches({ max: config.API_MAX_WATCHES, longestMs: config.API_WATCH_SECONDS * 1_000 });
  metrics.watches(watches.open);
  const useCases = createOrderUseCases({
    transactions: createTxManager(database, metrics.transactionRetried),
    orders,
    cache: redis?.cache,
    feed: redis?.feed,
    watches,
    outbox: createOutboxRepository(),
    idempotency: createIdempotencyStore(database, keptMs),
    inSpan: createTransactionSpans(tracer),
    newId: randomUUIDv7,
    now: () => new Date(),
    digest: sha256,
  });
  const maxBodyBytes = config.API_MAX_BODY_BYTES;
  const rest = createRestApp({
    gate,
    useCases,
    checks,
    log,
    observe: metrics.observeHttp,
    maxBodyBytes,
    requireIfMatch: config.API_REQUIRE_IF_MATCH,
    tracer,
  });
  const page = createPageApp(builtPage);
  if (page) rest.route("/", page);
  else log.info({ folder: builtPage }, "no page at /: npm run build:page makes it");
  const ports = await startServers({
    host,
    httpPort: config.API_PORT,
    grpcPort: config.API_GRPC_PORT,
    rest,
    routes: rpcRoutes({ useCases, checks, stopping: stopping.signal }),
    gate,
    certificate: await composeCertificate(access),
    observeRpc: metrics.observeRpc,
    tracer,
    maxBodyBytes,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    corsOrigins: config.API_CORS_ORIGINS,
    longestCallMs: Math.max(MAX_TIMEOUT_MS, config.API_WATCH_SECONDS * 1_000),
    connectionMaxAgeMs: config.API_CONNECTION_MAX_AGE_MS,
    stopping: stopping.signal,
    drainMs: (config.SHUTDOWN_TIMEOUT_MS - config.SHUTDOWN_DELAY_MS) * DRAIN_SHARE,
    lifecycle,
    log,
  });
  lifecycle.onStop("watches", () => watches.stop());
  // The first of all that a stop does: whoever sends requests here learns of it while they are still served.
  lifecycle.onStop("readiness", async () => {
    stopping.abort();
    await delay(config.SHUTDOWN_DELAY_MS);
  });
  return { ...ports, opsPort };
}
