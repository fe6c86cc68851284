import { z } from "zod";
import { variable } from "../../services/platform/config.ts";

const password = () => z.string().regex(/^[\w-]{1,64}$/, "must be letters, digits, - and _");

/** The environment of `npm start`: where everything listens, on the loopback, and the passwords of a database that is for trying out. */
export const localConfigSchema = z.object({
  POSTGRES_PORT: variable.port().default(54329).describe("Postgres"),
  KAFKA_PORT: variable.port().default(29092).describe("Kafka"),
  REDIS_PORT: variable.port().default(26379).describe("Redis"),
  API_PORT: variable.port().default(8080).describe("The API over HTTP/1.1: REST, Connect, gRPC-Web"),
  API_GRPC_PORT: variable.port().default(9090).describe("The API over HTTP/2 without TLS: gRPC, Connect"),
  RELAY_OPS_PORT: variable.port().default(9464).describe("The relay's ops server"),
  API_OPS_PORT: variable.port().default(9465).describe("The API's ops server"),
  PROJECTOR_OPS_PORT: variable.port().default(9466).describe("The projector's ops server"),
  POSTGRES_PASSWORD: password().default("postgres").describe("Of the superuser postgres"),
  ORDERS_API_PASSWORD: password().default("orders_api").describe("Of the API's database role"),
  OUTBOX_RELAY_PASSWORD: password().default("outbox_relay").describe("Of the relay's database role"),
});

export type LocalConfig = Readonly<z.output<typeof localConfigSchema>>;

/** All data of `npm start`; `npm run reset` removes it. */
export const DATA_FOLDER = ".local/data";
export const LOG_FOLDER = ".local/logs";
export const DATABASE = "orders";
