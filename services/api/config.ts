import { z } from "zod";
import { commonVariables, variable } from "../platform/config.ts";

export const configSchema = z.object({
  ...commonVariables,
  DATABASE_URL: variable
    .url("postgres:", "postgresql:")
    .describe("Postgres with orders and outbox; the role needs what sql/roles.sql grants to orders_api"),
  DATABASE_POOL_SIZE: variable.integer(1, 1_000).default(10).describe("Most connections to Postgres"),
  DATABASE_TIMEOUT_MS: variable
    .integer(100, 600_000)
    .default(10_000)
    .describe("Longest time for one statement, and for waiting for a connection"),
  API_PORT: variable.port().default(8080).describe("HTTP/1.1: REST, Connect, gRPC-Web"),
  API_GRPC_PORT: variable.port().default(9090).describe("HTTP/2 without TLS: gRPC, Connect, gRPC-Web"),
  API_MAX_BODY_BYTES: variable
    .integer(1_000, 100_000_000)
    .default(1_048_576)
    .describe("Largest request that is read"),
  API_IDEMPOTENCY_HOURS: variable
    .integer(1, 8_760)
    .default(24)
    .describe("How long a request that was done can be repeated under its idempotency key"),
  OPS_PORT: variable.port().default(9465).describe("Port of /livez, /readyz and /metrics"),
});

export type ApiConfig = Readonly<z.output<typeof configSchema>>;
