import kafkajs, { type Kafka } from "kafkajs";
import { Registry } from "prom-client";
import { ensureTopic } from "../platform/kafka/ensure-topic.ts";
import { createKafka } from "../platform/kafka/kafka-client.ts";
import { readKafkaSecurity } from "../platform/kafka/kafka-security.ts";
import { startOpsServer } from "../platform/ops-server.ts";
import { connectRedis } from "../platform/redis-connection.ts";
import { readRedisServer } from "../platform/redis-server.ts";
import type { ServiceContext } from "../platform/run-service.ts";
import { openTracing } from "../platform/tracing/open-tracing.ts";
import { createProjectorFromPorts } from "./application/factories/projector-factory.ts";
import type { ProjectorConfig } from "./config.ts";
import { readOrderEvent } from "./infrastructure/cloudevents/read-order-event.ts";
import { createEventLog } from "./infrastructure/event-log.ts";
import { createBatchHandler } from "./infrastructure/kafka/batch-handler.ts";
import { createConsumerLag } from "./infrastructure/kafka/consumer-lag.ts";
import { createDeadLetterProducer } from "./infrastructure/kafka/dead-letter-producer.ts";
import { createGroupMembership } from "./infrastructure/kafka/group-membership.ts";
import { consumeOrderEvents } from "./infrastructure/kafka/order-events-consumer.ts";
import { createProjectorMetrics } from "./infrastructure/metrics.ts";
import { tellAll } from "./infrastructure/observers.ts";
import { createRedisOrderProjection } from "./infrastructure/redis/redis-order-projection.ts";
import { traceRecords } from "./infrastructure/tracing/traced-ports.ts";

export interface RunningProjector {
  readonly opsPort: number;
}

/** What a test puts in the place of what would be built. */
export interface ProjectorOverrides {
  /** A new client, configured and not connected. */
  readonly newKafka?: () => Kafka;
}

/** Few: whoever uses the client tries again, with a new one, and can be stopped in between. */
const clientRetry = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/** A dead letter waits for a person, however long; and it is a record as big as the source allows, with headers added. */
const deadLetterSettings = { "retention.ms": "-1", "max.message.bytes": String(2 * 1_048_588) };

/** Builds the projector's infrastructure and starts it; it stops with the lifecycle. Kafka and Redis may be away meanwhile. */
export async function createProjector(
  config: ProjectorConfig,
  context: ServiceContext,
  overrides: ProjectorOverrides = {},
): Promise<RunningProjector> {
  const { log, lifecycle } = context;
  const registry = new Registry();
  const tracer = await openTracing(config, context, {
    serviceName: "orders-projector",
    registry,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  });
  const { PROJECTOR_TOPIC: topic, PROJECTOR_DLQ_TOPIC: deadLetterTopic, PROJECTOR_GROUP: group } = config;
  const connection = {
    brokers: config.KAFKA_BROKERS,
    clientId: "orders-projector",
    security: readKafkaSecurity(config),
  };
  const newKafka = overrides.newKafka ?? (() => createKafka({ ...connection, log, retry: clientRetry }));
  const prepare = async (kafka: Kafka) => {
    const partitions = config.PROJECTOR_TOPIC_PARTITIONS;
    const replicationFactor = config.PROJECTOR_TOPIC_REPLICATION;
    await ensureTopic(kafka, { topic, partitions, replicationFactor });
    await ensureTopic(kafka, {
      topic: deadLetterTopic,
      partitions,
      replicationFactor,
      settings: deadLetterSettings,
    });
  };

  const redis = connectRedis({
    server: readRedisServer(config.REDIS_URL, config),
    name: "orders-projector",
    log,
  });
  lifecycle.onStop("redis", () => redis.close());
  const deadLetters = createDeadLetterProducer({
    createProducer: () =>
      newKafka().producer({
        allowAutoTopicCreation: false,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      }),
    topic: deadLetterTopic,
    group,
  });
  lifecycle.onStop("dead letter producer", () => deadLetters.close());

  const metrics = createProjectorMetrics(registry);
  const membership = createGroupMembership();
  const lag = createConsumerLag(topic);
  metrics.observeLag({ group, topic, read: lag.read });
  const opsPort = await startOpsServer({
    host: config.HOST,
    port: config.OPS_PORT,
    registry,
    checks: { kafka: membership.notReady, redis: redis.notReady, projection: metrics.notReady },
    lifecycle,
  });

  const stop = new AbortController();
  const heartbeatIntervalMs = Math.min(3_000, config.PROJECTOR_SESSION_TIMEOUT_MS / 3);
  const projection = createRedisOrderProjection({
    redis: redis.redis,
    keyPrefix: config.PROJECTOR_KEY_PREFIX,
    finalOrderMs: config.PROJECTOR_FINAL_ORDER_HOURS * 3_600_000,
  });
  const { ports, traceIdOf } = traceRecords(
    { readEvent: readOrderEvent, projection, deadLetters },
    tracer,
    group,
  );
  const projectBatch = createProjectorFromPorts({
    ...ports,
    observer: tellAll(metrics, createEventLog(log, traceIdOf)),
  });
  const consuming = consumeOrderEvents(
    {
      createKafka: newKafka,
      prepare,
      topic,
      consumer: {
        groupId: group,
        sessionTimeout: config.PROJECTOR_SESSION_TIMEOUT_MS,
        heartbeatInterval: heartbeatIntervalMs,
      },
      concurrency: config.PROJECTOR_TOPIC_PARTITIONS,
      eachBatch: createBatchHandler({
        projectBatch,
        chunkRecords: config.PROJECTOR_BATCH_RECORDS,
        heartbeatIntervalMs,
        stopping: stop.signal,
      }),
      membership,
      lag,
      log,
    },
    stop.signal,
  );
  lifecycle.onStop("consumer", async () => {
    stop.abort();
    await consuming;
  });
  return { opsPort };
}
