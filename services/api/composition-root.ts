import { randomUUIDv7 } from "node:crypto";
import { Registry } from "prom-client";
import { startOpsServer } from "../platform/ops-server.ts";
import { createPostgresPool } from "../platform/postgres-pool.ts";
import type { ServiceContext } from "../platform/run-service.ts";
import { createOrderUseCases } from "./application/factories/order-use-cases.ts";
import type { ApiConfig } from "./config.ts";
import { createAccessMetrics } from "./infrastructure/access-metrics.ts";
import { sha256 } from "./infrastructure/digest.ts";
import { createApiMetrics } from "./infrastructure/metrics.ts";
import { startDatabaseProbe } from "./infrastructure/postgres/database-probe.ts";
import { createIdempotencyStore } from "./infrastructure/postgres/idempotency-store.ts";
import { createOrderRepository } from "./infrastructure/postgres/order-repository.ts";
import { createOutboxRepository } from "./infrastructure/postgres/outbox-repository.ts";
import { createTxManager } from "./infrastructure/postgres/transactions.ts";
import { createRestApp } from "./transport/rest/rest-app.ts";
import { rpcRoutes } from "./transport/rpc/rpc-routes.ts";
import { startServers } from "./transport/servers.ts";

export interface RunningApi {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
}

/** Longest deadline that a caller can have. */
const MAX_TIMEOUT_MS = 30_000;

/** Part of SHUTDOWN_TIMEOUT_MS that each of the two listeners may take for what is in flight. */
const DRAIN_SHARE = 0.4;

/** Builds the API's infrastructure and starts its listeners; all of it stops with the lifecycle. */
export async function createApi(config: ApiConfig, { log, lifecycle }: ServiceContext): Promise<RunningApi> {
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
  lifecycle.onStop("database pool", () => pool.end());
  const probing = new AbortController();
  lifecycle.onStop("database probe", () => probing.abort());

  const registry = new Registry();
  const metrics = createApiMetrics(registry);
  const checks = { database: startDatabaseProbe(pool, probing.signal) };
  const { HOST: host, OPS_PORT: port } = config;
  const opsPort = await startOpsServer({ host, port, registry, checks, lifecycle });

  const useCases = createOrderUseCases({
    transactions: createTxManager(pool),
    orders: createOrderRepository(pool),
    outbox: createOutboxRepository(),
    idempotency: createIdempotencyStore(pool, config.API_IDEMPOTENCY_HOURS * 3_600_000),
    newId: randomUUIDv7,
    now: () => new Date(),
    digest: sha256,
  });
  const stopping = new AbortController();
  const maxBodyBytes = config.API_MAX_BODY_BYTES;
  const rest = createRestApp({ useCases, checks, log, observe: metrics.observeHttp, maxBodyBytes });
  const ports = await startServers({
    host,
    httpPort: config.API_PORT,
    grpcPort: config.API_GRPC_PORT,
    rest,
    routes: rpcRoutes({ useCases, checks, stopping: stopping.signal }),
    observeRpc: metrics.observeRpc,
    maxBodyBytes,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    corsOrigins: config.API_CORS_ORIGINS,
    connectionMaxAgeMs: config.API_CONNECTION_MAX_AGE_MS,
    drainMs: config.SHUTDOWN_TIMEOUT_MS * DRAIN_SHARE,
    lifecycle,
    log,
  });
  lifecycle.onStop("readiness", () => stopping.abort());
  return { ...ports, opsPort };
}
