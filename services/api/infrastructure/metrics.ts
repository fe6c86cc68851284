import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ConnectionCounts } from "./postgres/connections.ts";
import { type ShedReason, shedReasons } from "./postgres/slot-queue.ts";
import { type CacheObserver, cacheReadResults, cacheWriteResults } from "./redis/cached-orders.ts";

/** Every metric of the API, by name. */
export const metricNames = {
  httpDuration: "http_server_request_duration_seconds",
  rpcDuration: "rpc_server_call_duration_seconds",
  cacheRequests: "order_cache_requests_total",
  cacheWrites: "order_cache_writes_total",
  watches: "order_watches",
  connections: "db_client_connections",
  waiting: "db_client_connection_pending_requests",
  shed: "api_requests_shed_total",
  transactionRetries: "api_transaction_retries_total",
  expiredKeysDeleted: "api_expired_idempotency_keys_deleted_total",
} as const;

/** The buckets of OpenTelemetry's semantic conventions for both. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export interface ApiMetrics extends CacheObserver {
  observeHttp(route: string, method: string, status: number, seconds: number): void;
  observeRpc(call: {
    readonly method: string;
    readonly protocol: string;
    readonly code: string;
    readonly seconds: number;
  }): void;
  /** How many watches there are. */
  watches(count: () => number): void;
  /** Asked at each scrape. */
  observeConnections(counts: () => ConnectionCounts): void;
  shed(reason: ShedReason): void;
  transactionRetried(): void;
  expiredKeysDeleted(count: number): void;
}

export function createApiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  const httpDuration = new Histogram({
    name: metricNames.httpDuration,
    help: "REST requests, by the route's pattern.",
    labelNames: ["http_request_method", "http_route", "http_response_status_code"],
    buckets,
    registers,
  });
  const rpcDuration = new Histogram({
    name: metricNames.rpcDuration,
    help: "RPC calls over gRPC, gRPC-Web and Connect.",
    labelNames: ["rpc_method", "protocol", "code"],
    buckets,
    registers,
  });
  const cacheRequests = new Counter({
    name: metricNames.cacheRequests,
    help: "Looks into the cache of orders, by what they gave; reads of one order at the same time look once.",
    labelNames: ["result"],
    registers,
  });
  const cacheWrites = new Counter({
    name: metricNames.cacheWrites,
    help: "Orders for the cache. What fails after a commit, other processes may not see before the projector has come to it.",
    labelNames: ["result"],
    registers,
  });
  for (const result of cacheReadResults) cacheRequests.inc({ result }, 0);
  for (const result of cacheWriteResults) cacheWrites.inc({ result }, 0);
  let countWatches = () => 0;
  new Gauge({
    name: metricNames.watches,
    help: "Watches of orders that are open.",
    registers,
    collect() {
      this.set(countWatches());
    },
  });
  let connectionCounts: () => ConnectionCounts = () => ({ used: 0, idle: 0, waiting: 0 });
  new Gauge({
    name: metricNames.connections,
    help: "Connections to Postgres.",
    labelNames: ["db_client_connection_state"],
    registers,
    collect() {
      const { used, idle } = connectionCounts();
      this.set({ db_client_connection_state: "used" }, used);
      this.set({ db_client_connection_state: "idle" }, idle);
    },
  });
  new Gauge({
    name: metricNames.waiting,
    help: "Requests that wait for a connection to Postgres.",
    registers,
    collect() {
      this.set(connectionCounts().waiting);
    },
  });
  const shed = new Counter({
    name: metricNames.shed,
    help: "Requests that were turned away because too many waited for a connection to Postgres.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of shedReasons) shed.inc({ reason }, 0);
  const transactionRetries = new Counter({
    name: metricNames.transactionRetries,
    help: "Transactions that ran again after a serialization failure or a deadlock.",
    registers,
  });
  const expiredKeysDeleted = new Counter({
    name: metricNames.expiredKeysDeleted,
    help: "Idempotency keys that were deleted after they had expired.",
    registers,
  });
  return {
    cacheRead: (result) => cacheRequests.inc({ result }),
    cacheWrite: (result) => cacheWrites.inc({ result }),
    watches(count) {
      countWatches = count;
    },
    observeHttp(route, method, status, seconds) {
      const labels = { http_request_method: method, http_route: route, http_response_status_code: status };
      httpDuration.observe(labels, seconds);
    },
    observeRpc({ method: rpc_method, protocol, code, seconds }) {
      rpcDuration.observe({ rpc_method, protocol, code }, seconds);
    },
    observeConnections(counts) {
      connectionCounts = counts;
    },
    shed: (reason) => shed.inc({ reason }),
    transactionRetried: () => transactionRetries.inc(),
    expiredKeysDeleted: (count) => expiredKeysDeleted.inc(count),
  };
}
