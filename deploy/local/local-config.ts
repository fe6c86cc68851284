import { existsSync } from "node:fs";
import { z } from "zod";
import { loadConfig, variable } from "../../services/platform/config.ts";

// Not 0: what is chosen by the system could not be told to the others.
const port = () => variable.integer(1, 65_535);
const password = () => z.string().regex(/^[\w-]{1,64}$/, "must be letters, digits, - and _");

/** The environment of `npm start`: where everything listens, on the loopback, and the passwords of a database that is for trying out. */
export const localConfigSchema = z.object({
  POSTGRES_PORT: port().default(54329).describe("Port of Postgres"),
  KAFKA_PORT: port().default(29092).describe("Port of Kafka"),
  REDIS_PORT: port().default(26379).describe("Port of Redis"),
  API_PORT: port().default(8080).describe("Port of the API over HTTP/1.1: REST, Connect, gRPC-Web"),
  API_GRPC_PORT: port()
    .default(9090)
    .describe("Port of the API over HTTP/2 without TLS: gRPC, Connect, gRPC-Web"),
  RELAY_OPS_PORT: port().default(9464).describe("Port of the relay's ops server"),
  API_OPS_PORT: port().default(9465).describe("Port of the API's ops server"),
  PROJECTOR_OPS_PORT: port().default(9466).describe("Port of the projector's ops server"),
  PROMETHEUS_PORT: port().default(9095).describe("Port of Prometheus (--observability)"),
  POSTGRES_PASSWORD: password()
    .default("postgres")
    .describe("Password of the superuser postgres; stays as it was when the data was made"),
  ORDERS_API_PASSWORD: password().default("orders_api").describe("Password of the API's database role"),
  OUTBOX_RELAY_PASSWORD: password().default("outbox_relay").describe("Password of the relay's database role"),
  AUTH: z
    .enum(["off", "jwt"], "must be off or jwt")
    .default("off")
    .describe("off: everybody may do everything; jwt: the API asks for tokens, which `npm run token` makes"),
  DATA_FOLDER: z
    .string()
    .default(".local/data")
    .describe("Where all data and logs lie; `npm run reset` removes it"),
});

export type LocalConfig = Readonly<z.output<typeof localConfigSchema>>;

/** From the environment and from .env, which docker compose reads as well; what both name is the environment's. */
export function loadLocalConfig(): LocalConfig {
  if (existsSync(".env")) process.loadEnvFile(".env");
  return loadConfig(localConfigSchema, process.env);
}

export const DATABASE = "orders";
