import { hostname } from "node:os";
import { Registry } from "prom-client";
import { ensureTopic, topicExists } from "../platform/kafka/ensure-topic.ts";
import { createKafka } from "../platform/kafka/kafka-client.ts";
import { readKafkaSecurity } from "../platform/kafka/kafka-security.ts";
import { openLeaderConnections } from "../platform/kafka/leader-connections.ts";
import { startOpsServer } from "../platform/ops-server.ts";
import { createPostgresPool } from "../platform/postgres-pool.ts";
import type { ServiceContext } from "../platform/run-service.ts";
import { openTracing } from "../platform/tracing/open-tracing.ts";
import { createRelayFromPorts } from "./application/factories/relay-factory.ts";
import { composeLivePage } from "./compose-live-page.ts";
import { outboxTable, type RelayConfig } from "./config.ts";
import { createFence } from "./domain/fence.ts";
import { createFiguresMetrics } from "./infrastructure/figures-metrics.ts";
import { startFiguresSampler } from "./infrastructure/figures-sampler.ts";
import { createPublisher } from "./infrastructure/kafka/create-publisher.ts";
import { partitionEnds } from "./infrastructure/kafka/partition-ends.ts";
import { createTailReader } from "./infrastructure/kafka/tail-reader.ts";
import { tellAll } from "./infrastructure/observers.ts";
import { createAdvisoryLeases } from "./infrastructure/postgres/advisory-lease.ts";
import { createCheckpointRepository } from "./infrastructure/postgres/checkpoint-repository.ts";
import { connectionOptions } from "./infrastructure/postgres/connection-options.ts";
import { createControlRepository } from "./infrastructure/postgres/control-repository.ts";
import { createDeadLetterRepository } from "./infrastructure/postgres/dead-letter-repository.ts";
import { createHistoryRepository } from "./infrastructure/postgres/history-repository.ts";
import { createOutboxFigures } from "./infrastructure/postgres/outbox-figures.ts";
import { createOutboxMaintenance } from "./infrastructure/postgres/outbox-maintenance.ts";
import { createOutboxTable } from "./infrastructure/postgres/outbox-table.ts";
import { createReplicationSlot } from "./infrastructure/postgres/replication-slot.ts";
import { createReplicationStream } from "./infrastructure/postgres/replication-stream.ts";
import { createWalHeartbeat } from "./infrastructure/postgres/wal-heartbeat.ts";
import { createRelayMetrics } from "./infrastructure/relay-metrics.ts";
import { traceEvents } from "./infrastructure/tracing/traced-ports.ts";

export interface RunningRelay {
  readonly opsPort: number;
}

const QUERY_TIMEOUT_MS = 15_000;
/** Figures that take longer are not worth what they cost the server. */
const FIGURES_TIMEOUT_MS = 3_000;

/** Remembered at 21 bytes each. */
const MAX_TAIL_EVENTS = 2_000_000;

/** With the batch in flight and the last tick, a pause takes hold within about a second. */
const CONTROL_INTERVAL_MS = 500;

/** Part of SHUTDOWN_TIMEOUT_MS that is kept for what follows the batch in flight: confirming, reading back, closing. */
const CLOSING_SHARE = 0.4;

/** Builds the relay's infrastructure and starts it; it stops with the lifecycle. */
export async function createRelayService(
  config: RelayConfig,
  context: ServiceContext,
): Promise<RunningRelay> {
  const { log, lifecycle } = context;
  const relay = config.RELAY_NAME;
  const table = outboxTable(config);
  const registry = new Registry();
  const tracer = await openTracing(config, context, {
    serviceName: "outbox-relay",
    serviceNamespace: relay,
    registry,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  });
  const databaseUrl = config.DATABASE_URL;
  const leader = `${hostname()} ${process.pid}`;
  const connection = connectionOptions(databaseUrl, `outbox-relay ${relay}`);
  // Nothing of these may wait for ever for a server that is cut off without a word.
  const pool = createPostgresPool({ ...connection, query_timeout: QUERY_TIMEOUT_MS, max: 4 }, log);
  lifecycle.onStop("database pool", () => pool.end());
  const drainPool = createPostgresPool({ ...connection, max: 1 }, log);
  lifecycle.onStop("database pool of drains", () => drainPool.end());

  const metrics = createRelayMetrics(registry, config.RELAY_TOPICS);
  const brokers = config.KAFKA_BROKERS;
  const clientId = `outbox-relay-${relay}`;
  const fence = createFence(() => performance.now());
  const security = readKafkaSecurity(config);
  // For questions: who asks tries again by itself.
  const kafka = createKafka({
    brokers,
    clientId,
    security,
    log,
    retry: { retries: 2, initialRetryTime: 100 },
    onFailedTry: metrics.brokerFailed,
  });
  const topics = [...new Set(config.RELAY_TOPICS.values())];
  const ensure = (topic: string) =>
    ensureTopic(kafka, {
      topic,
      partitions: config.RELAY_TOPIC_PARTITIONS,
      replicationFactor: config.RELAY_TOPIC_REPLICATION,
    });
  const publisher = await createPublisher(config.KAFKA_CLIENT, {
    brokers,
    clientId,
    security,
    log,
    mayWrite: () => fence.isOpen,
    onFailedTry: metrics.brokerFailed,
    topics: config.RELAY_TOPICS,
    source: config.RELAY_SOURCE,
    maxEventBytes: config.RELAY_MAX_EVENT_BYTES,
    ensureTopic: ensure,
    topicExists: (topic) => topicExists(kafka, topic),
  });
  lifecycle.onStop("kafka producer", () => publisher.discard());
  const tail = createTailReader({
    topics,
    ensureTopic: ensure,
    partitionEnds: (topic) => partitionEnds(kafka, topic),
    openConnections: (of) => openLeaderConnections(kafka, of),
    settleMs: config.RELAY_SETTLE_MS,
    maxEvents: MAX_TAIL_EVENTS,
  });

  const figuresPool = createPostgresPool(
    {
      ...connection,
      application_name: `outbox-relay ${relay} figures`,
      connectionTimeoutMillis: FIGURES_TIMEOUT_MS,
      statement_timeout: FIGURES_TIMEOUT_MS,
      query_timeout: FIGURES_TIMEOUT_MS + 1_000,
      max: 1,
    },
    log,
  );
  lifecycle.onStop("database pool of figures", () => figuresPool.end());
  const sampler = startFiguresSampler({
    figures: createOutboxFigures(figuresPool, { relay, slot: config.RELAY_SLOT, table }),
    log,
  });
  lifecycle.onStop("figures", () => sampler.stop());

  createFiguresMetrics(registry, sampler, config.RELAY_SLOT);
  const live = composeLivePage({ relay, name: leader, figures: sampler, pool: figuresPool, log, lifecycle });
  const opsPort = await startOpsServer({
    host: config.HOST,
    port: config.OPS_PORT,
    registry,
    checks: { relay: metrics.notReady },
    remarks: { relay: metrics.remark },
    lifecycle,
    routes: live.routes,
  });

  const slotOptions = {
    slot: config.RELAY_SLOT,
    publication: config.RELAY_PUBLICATION,
    table,
  };
  const stream = createReplicationStream({ databaseUrl, relay, ...slotOptions });
  const deadLetters = createDeadLetterRepository(pool, relay);
  const service = createRelayFromPorts(
    {
      ...traceEvents({ stream, publisher, deadLetters }, tracer, config.RELAY_TOPICS),
      leases: createAdvisoryLeases({
        databaseUrl,
        relay,
        slot: config.RELAY_SLOT,
        leader,
        leaseMs: config.RELAY_LEASE_MS,
        fence,
        log,
      }),
      checkpoints: createCheckpointRepository(pool, relay),
      history: createHistoryRepository(pool, relay, leader),
      controls: createControlRepository(pool, relay),
      maintenance: createOutboxMaintenance(pool, config.RELAY_RETENTION_HOURS),
      slot: createReplicationSlot(pool, slotOptions, log),
      heartbeat: createWalHeartbeat(pool, relay, slotOptions),
      table: createOutboxTable(drainPool, table),
      tail,
      observer: tellAll(metrics, live.observer),
      log,
    },
    {
      mode: config.RELAY_MODE,
      controlIntervalMs: CONTROL_INTERVAL_MS,
      pollIntervalMs: config.RELAY_POLL_INTERVAL_MS,
      tickIntervalMs: config.RELAY_TICK_INTERVAL_MS,
      tickTimeoutMs: config.RELAY_TICK_TIMEOUT_MS,
      fallbackAfterMs: config.RELAY_FALLBACK_AFTER_MS,
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
