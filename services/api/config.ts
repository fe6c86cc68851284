import { z } from "zod";
import { commonVariables, variable } from "../platform/config.ts";
import { redisTlsVariables, withRedisTlsRules } from "../platform/redis-server.ts";
import { accessVariables, withAccessRules } from "./access-variables.ts";

const variables = z.object({
  ...commonVariables,
  DATABASE_URL: variable
    .url("postgres:", "postgresql:")
    .describe("Postgres with orders and outbox; the role needs what sql/roles.sql grants to orders_api"),
  DATABASE_POOL_SIZE: variable.integer(1, 1_000).default(10).describe("Most connections to Postgres"),
  DATABASE_TIMEOUT_MS: variable
    .integer(100, 600_000)
    .default(10_000)
    .describe("Longest time for one statement, and for opening a connection"),
  DATABASE_POOL_QUEUE: variable
    .integer(0, 100_000)
    .default(1_000)
    .describe("Most requests that wait for a connection at once; the others are told to try again later"),
  DATABASE_QUEUE_TIMEOUT_MS: variable
    .integer(1, 60_000)
    .default(1_000)
    .describe("Longest wait for a connection, and a quarter of it once the queue has stood for so long"),
  API_PORT: variable.port().default(8080).describe("HTTP/1.1: REST, Connect, gRPC-Web"),
  API_GRPC_PORT: variable.port().default(9090).describe("HTTP/2 without TLS: gRPC, Connect, gRPC-Web"),
  API_MAX_BODY_BYTES: variable
    .integer(1_000, 100_000_000)
    .default(1_048_576)
    .describe("Largest request that is read"),
  API_CORS_ORIGINS: variable
    .list()
    .refine(
      (origins) => origins.every(isOrigin),
      "must be origins as https://shop.example, separated by commas",
    )
    .default([])
    .describe("Origins whose pages may use the API from a browser; none by default"),
  API_CONNECTION_MAX_AGE_MS: variable
    .integer(100, 86_400_000)
    .default(300_000)
    .describe(
      "Age, give or take a tenth, at which clients are asked to leave an HTTP/2 connection for a new one",
    ),
  API_IDEMPOTENCY_HOURS: variable
    .integer(1, 8_760)
    .default(24)
    .describe("How long a request that was done can be repeated under its idempotency key"),
  REDIS_URL: variable
    .url("redis:", "rediss:")
    .optional()
    .describe(
      "Redis with the cache, the read model and the rate limits; without it none is used, and watches read Postgres",
    ),
  ...redisTlsVariables,
  API_REDIS_TIMEOUT_MS: variable
    .integer(1, 2_000)
    .default(50)
    .describe("Longest wait for an answer of Redis, before a request goes on without it"),
  API_KEY_PREFIX: z
    .string()
    .max(100)
    .regex(/^[^{}]*$/, "must not contain braces: they would decide the slot in a Redis cluster")
    .default("")
    .describe("What the Redis keys begin with; the same as PROJECTOR_KEY_PREFIX"),
  API_CACHE_SECONDS: variable
    .integer(0, 3_600)
    // What was read before a change must not find the change's entry expired when it comes to the cache.
    .refine((seconds) => seconds === 0 || seconds > 30, "must be 0, or more than the longest deadline (30)")
    .default(60)
    .describe("How long a read order stays in the cache: 31 to 3600; 0 caches nothing"),
  API_MAX_WATCHES: variable
    .integer(1, 100_000)
    .default(1_000)
    .describe("Most watches of orders at once; each that is more is refused"),
  API_WATCH_SECONDS: variable
    .integer(1, 86_400)
    .default(300)
    .describe("Longest time of one watch; then its client is told to watch on, maybe elsewhere"),
  API_REQUIRE_IF_MATCH: z
    .stringbool({ truthy: ["true"], falsy: ["false"], error: "must be true or false" })
    .default(false)
    .describe("Whether REST refuses a change that names no version in If-Match"),
  SHUTDOWN_DELAY_MS: variable
    .integer(0, 300_000)
    .default(0)
    .describe("At a stop, how long all is still served after /readyz has said no: for a balancer to see it"),
  OPS_PORT: variable.port().default(9465).describe("Port of /livez, /readyz and /metrics"),
  ...accessVariables,
});

export const configSchema = withRedisTlsRules(withAccessRules(variables)).refine(
  ({ SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }) => SHUTDOWN_DELAY_MS < SHUTDOWN_TIMEOUT_MS,
  { path: ["SHUTDOWN_DELAY_MS"], message: "must be less than SHUTDOWN_TIMEOUT_MS" },
);

export type ApiConfig = Readonly<z.output<typeof configSchema>>;

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
