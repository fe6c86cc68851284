import { hostname } from "node:os";
import { Registry } from "prom-client";
import { ensureTopic } from "../platform/kafka/ensure-topic.ts";
import { createKafka, retryForEver } from "../platform/kafka/kafka-client.ts";
import { startOpsServer } from "../platform/ops-server.ts";
import { createPostgresPool } from "../platform/postgres-pool.ts";
import type { ServiceContext } from "../platform/run-service.ts";
import { createRelayFromPorts } from "./application/factories/relay-factory.ts";
import type { RelayConfig } from "./config.ts";
import { createKafkajsPublisher } from "./infrastructure/kafka/kafkajs-publisher.ts";
import { createRelayMetrics } from "./infrastructure/metrics.ts";
import { createAdvisoryLeases } from "./infrastructure/postgres/advisory-lease.ts";
import { createCheckpointRepository } from "./infrastructure/postgres/checkpoint-repository.ts";
import { connectionOptions } from "./infrastructure/postgres/connection-options.ts";
import { createOutboxTable } from "./infrastructure/postgres/outbox-table.ts";
import { createReplicationSlot } from "./infrastructure/postgres/replication-slot.ts";
import { createReplicationStream } from "./infrastructure/postgres/replication-stream.ts";
import { createWalHeartbeat } from "./infrastructure/postgres/wal-heartbeat.ts";

export interface RunningRelay {
  readonly opsPort: number;
}

/** Part of SHUTDOWN_TIMEOUT_MS that is kept for what follows the batch in flight: confirming, reading back, closing. */
const CLOSING_SHARE = 0.4;

/** Builds the relay's infrastructure and starts it; it stops with the lifecycle. */
export async function createRelayService(
  config: RelayConfig,
  { log, lifecycle }: ServiceContext,
): Promise<RunningRelay> {
  const relay = config.RELAY_NAME;
  const databaseUrl = config.DATABASE_URL;
  const pool = createPostgresPool(
    { ...connectionOptions(databaseUrl, `outbox-relay ${relay}`), max: 4 },
    log,
  );
  lifecycle.onStop("database pool", () => pool.end());

  const kafka = createKafka({ brokers: config.KAFKA_BROKERS, clientId: `outbox-relay-${relay}`, log });
  const publisher = createKafkajsPublisher({
    createProducer: () =>
      kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        retry: retryForEver,
        // Every record comes with its partition.
        createPartitioner: () => (args) => args.message.partition ?? 0,
      }),
    topics: config.RELAY_TOPICS,
    source: config.RELAY_SOURCE,
    ensureTopic: (topic) =>
      ensureTopic(kafka, {
        topic,
        partitions: config.RELAY_TOPIC_PARTITIONS,
        replicationFactor: config.RELAY_TOPIC_REPLICATION,
      }),
  });
  lifecycle.onStop("kafka producer", () => publisher.close());

  const registry = new Registry();
  const metrics = createRelayMetrics(registry, config.RELAY_TOPICS);
  const opsPort = await startOpsServer({
    host: config.HOST,
    port: config.OPS_PORT,
    registry,
    checks: { relay: metrics.notReady },
    lifecycle,
  });

  const slotOptions = {
    slot: config.RELAY_SLOT,
    publication: config.RELAY_PUBLICATION,
    table: config.RELAY_TABLE,
  };
  const service = createRelayFromPorts(
    {
      leases: createAdvisoryLeases({
        databaseUrl,
        relay,
        slot: config.RELAY_SLOT,
        mode: config.RELAY_MODE,
        leader: `${hostname()} ${process.pid}`,
      }),
      checkpoints: createCheckpointRepository(pool, relay),
      stream: createReplicationStream({ databaseUrl, relay, ...slotOptions }),
      slot: createReplicationSlot(pool, slotOptions, log),
      heartbeat: createWalHeartbeat(pool, relay),
      table: createOutboxTable(pool, config.RELAY_TABLE),
      publisher,
      observer: metrics,
      log,
    },
    {
      mode: config.RELAY_MODE,
      pollIntervalMs: config.RELAY_POLL_INTERVAL_MS,
      tickIntervalMs: config.RELAY_TICK_INTERVAL_MS,
      tickTimeoutMs: config.RELAY_TICK_TIMEOUT_MS,
      queueBytes: config.RELAY_QUEUE_BYTES,
      batchEvents: config.RELAY_BATCH_EVENTS,
      batchBytes: config.RELAY_BATCH_BYTES,
    },
  );
  const stop = new AbortController();
  const abandon = new AbortController();
  const running = service.run(stop.signal, abandon.signal);
  lifecycle.onStop("relay", async () => {
    stop.abort();
    const timer = setTimeout(() => abandon.abort(), config.SHUTDOWN_TIMEOUT_MS * (1 - CLOSING_SHARE));
    await running;
    clearTimeout(timer);
  });
  return { opsPort };
}
