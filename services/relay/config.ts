import { z } from "zod";
import { commonVariables, variable } from "../platform/config.ts";
import { kafkaSecurityVariables, withKafkaSecurityRules } from "../platform/kafka/kafka-security.ts";
import {
  type ColumnNames,
  OUTBOX_COLUMNS,
  type OutboxColumn,
  type OutboxTableName,
} from "./domain/outbox-columns.ts";

const identifier = (what: string, pattern: RegExp) =>
  z.string().regex(pattern, `must be ${what} of lower-case letters, digits and underscores`);

/** `order=orders-events,parcel=parcels-events` */
const topicRoutes = z.string().transform((text, context) => {
  const routes = new Map<string, string>();
  for (const route of text.split(",")) {
    const [type, topic, ...rest] = route.split("=").map((part) => part.trim());
    if (!type || !topic || rest.length > 0 || !/^[\w.-]{1,249}$/.test(topic)) {
      context.addIssue({
        code: "custom",
        message: "must be aggregate_type=topic, more of them separated by commas",
      });
      return z.NEVER;
    }
    routes.set(type, topic);
  }
  return routes as ReadonlyMap<string, string>;
});

/** `schema.table` or `table` (in schema public). */
const tableName = z
  .string()
  .regex(/^(\w+\.)?\w+$/, "must be table or schema.table")
  .transform((text) => {
    const [name = "", schema = "public"] = text.split(".").reverse();
    return { schema, name };
  });

const isColumn = (name: string): name is OutboxColumn => (OUTBOX_COLUMNS as readonly string[]).includes(name);

/** `aggregate_type=aggregatetype,event_type=type`: the relay's name of a column, and the table's. All faults are told. */
const columnNames = z.string().transform((text, context): ColumnNames => {
  const names: Partial<Record<OutboxColumn, string>> = {};
  const fault = (message: string) => context.addIssue({ code: "custom", message });
  for (const pair of text.split(",")) {
    const [column = "", name = "", ...rest] = pair.split("=").map((part) => part.trim());
    if (rest.length > 0 || !/^\w{1,63}$/.test(name)) {
      fault(
        `${JSON.stringify(pair.trim())} must be column=name, the name of up to 63 letters, digits and underscores`,
      );
    } else if (!isColumn(column)) {
      fault(`${JSON.stringify(column)} is no column of the outbox; say one of ${OUTBOX_COLUMNS.join(", ")}`);
    } else if (names[column] !== undefined) {
      fault(`${column} is named twice, ${names[column]} and ${name}; leave one out`);
    } else names[column] = name;
  }
  const byName = Map.groupBy(OUTBOX_COLUMNS, (column) => names[column] ?? column);
  for (const [name, columns] of byName)
    if (columns.length > 1)
      fault(`${name} would be ${columns.join(" and ")}; name another column for one of them`);
  return names;
});

/** The outbox, as these two variables describe it. */
export function outboxTable(config: {
  readonly RELAY_TABLE: OutboxTableName;
  readonly RELAY_COLUMNS?: ColumnNames | undefined;
}): OutboxTableName {
  return { ...config.RELAY_TABLE, columns: config.RELAY_COLUMNS };
}

const variables = z.object({
  ...commonVariables,
  DATABASE_URL: variable
    .url("postgres:", "postgresql:")
    .describe("Postgres with the outbox; the role needs REPLICATION and what sql/roles.sql grants"),
  KAFKA_BROKERS: variable
    .list()
    .default(["127.0.0.1:9092"])
    .describe("Brokers to bootstrap from, host:port,…"),
  ...kafkaSecurityVariables,
  KAFKA_CLIENT: z
    .enum(["kafkajs", "platformatic"])
    .default("kafkajs")
    .describe(
      "Which client publishes: kafkajs, or @platformatic/kafka, which takes a fraction of the CPU time",
    ),
  RELAY_MODE: z
    .enum(["auto", "cdc", "polling"])
    .default("auto")
    .describe(
      "How the outbox is read: cdc (from the WAL), polling (from the table), auto (cdc while it can be)",
    ),
  RELAY_NAME: z
    .string()
    .min(1)
    .max(63)
    .default("orders")
    .describe("Names the checkpoint and the lease; relays of one name stand by for each other"),
  RELAY_SLOT: identifier("a slot name", /^[a-z0-9_]{1,63}$/)
    .default("outbox_relay")
    .describe("The replication slot; made when it is missing"),
  RELAY_PUBLICATION: z
    .string()
    .min(1)
    .max(63)
    .default("outbox")
    .describe("The publication that has the outbox"),
  RELAY_TABLE: tableName.prefault("public.outbox").describe("The outbox table"),
  RELAY_COLUMNS: columnNames
    .optional()
    .describe(
      "Columns of the outbox table that have another name: column=name,… (aggregate_type=aggregatetype)",
    ),
  RELAY_TOPICS: topicRoutes
    .prefault("order=orders-events")
    .describe("Which topic the events of an aggregate_type go to: type=topic,…"),
  RELAY_TOPIC_PARTITIONS: variable
    .integer(1, 10_000)
    .default(6)
    .describe("Partitions of a topic that the relay has to make"),
  RELAY_TOPIC_REPLICATION: variable
    .integer(-1, 100)
    .default(-1)
    .describe("Replication factor of a topic that the relay has to make; -1 takes the broker's default"),
  RELAY_SOURCE: z.string().min(1).default("/orders").describe("The CloudEvents source of every record"),
  RELAY_POLL_INTERVAL_MS: variable
    .integer(10, 60_000)
    .default(200)
    .describe("Waiting time of an idle poll (polling)"),
  RELAY_TICK_INTERVAL_MS: variable
    .integer(100, 60_000)
    .default(1_000)
    .describe("How often the heartbeat goes through the WAL and the checkpoint is written"),
  RELAY_TICK_TIMEOUT_MS: variable
    .integer(1_000, 600_000)
    .default(10_000)
    .describe("A stream that is silent for this long is given up and opened anew"),
  RELAY_FALLBACK_AFTER_MS: variable
    .integer(0, 3_600_000)
    .default(5_000)
    .describe(
      "In mode auto, how long the WAL may be unreadable for a passing reason before polling takes over",
    ),
  RELAY_LEASE_MS: variable
    .integer(1_000, 60_000)
    .default(6_000)
    .describe(
      "A leader sends nothing once its lease was not seen alive for this long; 2 s later a standby takes over",
    ),
  RELAY_SETTLE_MS: variable
    .integer(0, 60_000)
    .default(500)
    .describe("After a leader that did not end in order, how long what it sent may take to land on Kafka"),
  RELAY_RETENTION_HOURS: variable
    .integer(0, 1_000_000)
    .default(168)
    .describe("Partitions of the outbox that are older and wholly published are dropped; 0 keeps all"),
  RELAY_MAX_EVENT_BYTES: variable
    .integer(1_000, 1_000_000_000)
    .default(50_000_000)
    .describe("A larger event is a dead letter at once; keep it below the broker's socket.request.max.bytes"),
  RELAY_QUEUE_BYTES: variable
    .integer(100_000, 1_000_000_000)
    .default(1_000_000)
    .describe("Reading from the WAL pauses while events of this size wait to be published"),
  RELAY_BATCH_EVENTS: variable
    .integer(1, 100_000)
    .default(1_000)
    .describe("Most events in one produce request"),
  RELAY_BATCH_BYTES: variable
    .integer(1_000, 100_000_000)
    .default(900_000)
    .describe("Most bytes in one produce request; below the broker's message.max.bytes"),
  OPS_PORT: variable
    .port()
    .default(9464)
    .describe("Port of the live page at /, and of /livez, /readyz and /metrics"),
});

export const configSchema = withKafkaSecurityRules(variables);

export type RelayConfig = Readonly<z.output<typeof configSchema>>;

/** What the CLI needs of it. */
const cliVariables = variables.pick({
  DATABASE_URL: true,
  RELAY_NAME: true,
  RELAY_MODE: true,
  RELAY_SLOT: true,
  RELAY_PUBLICATION: true,
  RELAY_TABLE: true,
  RELAY_COLUMNS: true,
  RELAY_RETENTION_HOURS: true,
  RELAY_MAX_EVENT_BYTES: true,
  RELAY_BATCH_BYTES: true,
  RELAY_TOPICS: true,
  RELAY_TOPIC_PARTITIONS: true,
  RELAY_TOPIC_REPLICATION: true,
  RELAY_SOURCE: true,
  KAFKA_BROKERS: true,
  KAFKA_TLS: true,
  KAFKA_TLS_CA_FILE: true,
  KAFKA_TLS_CERT_FILE: true,
  KAFKA_TLS_KEY_FILE: true,
  KAFKA_SASL_MECHANISM: true,
  KAFKA_SASL_USERNAME: true,
  KAFKA_SASL_PASSWORD: true,
  KAFKA_CLIENT: true,
});

export const cliConfigSchema = withKafkaSecurityRules(cliVariables);

export type CliConfig = Readonly<z.output<typeof cliConfigSchema>>;
