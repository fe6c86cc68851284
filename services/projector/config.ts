import { z } from "zod";
import { commonVariables, variable } from "../platform/config.ts";
import { kafkaSecurityVariables, withKafkaSecurityRules } from "../platform/kafka/kafka-security.ts";
import { redisTlsVariables, withRedisTlsRules } from "../platform/redis-server.ts";

const topicName = () => z.string().regex(/^[\w.-]{1,249}$/, "must be a topic name");

const variables = z.object({
  ...commonVariables,
  KAFKA_BROKERS: variable
    .list()
    .default(["127.0.0.1:9092"])
    .describe("Brokers to bootstrap from, host:port,…"),
  ...kafkaSecurityVariables,
  REDIS_URL: variable.url("redis:", "rediss:").describe("Redis with the read model"),
  ...redisTlsVariables,
  PROJECTOR_TOPIC: topicName().default("orders-events").describe("The topic with the order events"),
  PROJECTOR_DLQ_TOPIC: topicName()
    .default("orders-events.dlq")
    .describe("Where records go that cannot be understood"),
  PROJECTOR_GROUP: z
    .string()
    .min(1)
    .max(255)
    .default("orders-projector")
    .describe("The consumer group; a new name reads the topic from its beginning"),
  PROJECTOR_TOPIC_PARTITIONS: variable
    .integer(1, 10_000)
    .default(6)
    .describe("Partitions of a topic that the projector has to make"),
  PROJECTOR_TOPIC_REPLICATION: variable
    .integer(-1, 100)
    .default(-1)
    .describe("Replication factor of a topic that the projector has to make; -1 takes the broker's default"),
  PROJECTOR_KEY_PREFIX: z
    .string()
    .max(100)
    .regex(/^[^{}]*$/, "must not contain braces: they would decide the slot in a Redis cluster")
    .default("")
    .describe("What the Redis keys begin with; an order's is <prefix>order:{<id>}"),
  PROJECTOR_FINAL_ORDER_HOURS: variable
    .integer(0, 87_600)
    .default(0)
    .describe(
      "How long the read model keeps an order that was issued, returned or cancelled; 0 keeps it for ever",
    ),
  PROJECTOR_BATCH_RECORDS: variable
    .integer(1, 10_000)
    .default(500)
    .describe("Most records in one round trip to Redis"),
  PROJECTOR_SESSION_TIMEOUT_MS: variable
    .integer(6_000, 1_800_000)
    .default(30_000)
    .describe("A projector that is silent for this long loses its partitions to the others"),
  OPS_PORT: variable.port().default(9466).describe("Port of /livez, /readyz and /metrics"),
});

export const configSchema = withRedisTlsRules(withKafkaSecurityRules(variables));

export type ProjectorConfig = Readonly<z.output<typeof configSchema>>;
