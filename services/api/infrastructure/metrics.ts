import { Histogram, type Registry } from "prom-client";

/** Every metric of the API, by name. */
export const metricNames = {
  httpDuration: "http_server_request_duration_seconds",
  rpcDuration: "rpc_server_call_duration_seconds",
} as const;

/** The buckets of OpenTelemetry's semantic conventions for both. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export interface ApiMetrics {
  observeHttp(route: string, method: string, status: number, seconds: number): void;
  observeRpc(method: string, code: string, seconds: number): void;
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
    labelNames: ["rpc_method", "code"],
    buckets,
    registers,
  });
  return {
    observeHttp(route, method, status, seconds) {
      const labels = { http_request_method: method, http_route: route, http_response_status_code: status };
      httpDuration.observe(labels, seconds);
    },
    observeRpc(rpc_method, code, seconds) {
      rpcDuration.observe({ rpc_method, code }, seconds);
    },
  };
}
