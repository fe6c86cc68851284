import { readKafkaSecurity } from "../platform/kafka/kafka-security.ts";
import { createLogger } from "../platform/logger.ts";
import { checks } from "./application/doctor/checks.ts";
import { examine } from "./application/doctor/examine.ts";
import type { DoctorSettings } from "./application/doctor/facts.ts";
import type { Doctor } from "./application/operations/doctor.ts";
import type { Operations } from "./application/operations/operations.ts";
import type { Publisher } from "./application/publisher.ts";
import { type CliConfig, outboxTable } from "./config.ts";
import { createKafkaFacts } from "./infrastructure/kafka/doctor/kafka-facts.ts";
import { openReplayPublisher } from "./infrastructure/kafka/replay-publisher.ts";
import { createCheckpointDesk } from "./infrastructure/postgres/checkpoint-desk.ts";
import { createControlDesk } from "./infrastructure/postgres/control-desk.ts";
import { createDeadLetterDesk } from "./infrastructure/postgres/dead-letter-desk.ts";
import { createPostgresFacts } from "./infrastructure/postgres/doctor/postgres-facts.ts";
import { createDrainDesk } from "./infrastructure/postgres/drain-desk.ts";
import { createHistoryDesk } from "./infrastructure/postgres/history-desk.ts";
import { openOperatorConnection } from "./infrastructure/postgres/operator-connection.ts";
import { createOutboxFigures } from "./infrastructure/postgres/outbox-figures.ts";
import type { Queries } from "./infrastructure/postgres/queries.ts";
import { createReplaySource } from "./infrastructure/postgres/replay-source.ts";
import { createSlotDesk } from "./infrastructure/postgres/slot-desk.ts";

/** Builds what the CLI needs; nothing is connected to before it is needed. */
export function createOperations(config: CliConfig): Operations {
  const { DATABASE_URL, RELAY_NAME: relay, RELAY_PUBLICATION: publication } = config;
  const table = outboxTable(config);
  const connection = openOperatorConnection(DATABASE_URL, relay);
  const queries: Queries = {
    query: async (text, values) => ({ rows: await connection.query(text, values) }),
  };
  const doctor = createDoctor(config);
  return {
    doctor,
    figures: createOutboxFigures(queries, { relay, slot: config.RELAY_SLOT, table }),
    deadLetters: createDeadLetterDesk(connection, relay),
    checkpoint: createCheckpointDesk(connection, relay),
    drain: createDrainDesk(connection, relay, table),
    replay: { ...createReplaySource(connection, relay, table), openPublisher: () => openPublisher(config) },
    slot: createSlotDesk(connection, relay, { publication, table }),
    control: createControlDesk(connection, relay),
    history: createHistoryDesk(connection, relay),
    async relays() {
      const rows = await connection.query<{ relay: string }>(
        "select relay from relay_checkpoint order by relay",
        [],
      );
      return rows.map(({ relay: name }) => name);
    },
    async close() {
      await Promise.all([connection.close(), doctor.close()]);
    },
  };
}

function openPublisher(config: CliConfig): Promise<Publisher> {
  return openReplayPublisher({
    client: config.KAFKA_CLIENT,
    brokers: config.KAFKA_BROKERS,
    security: readKafkaSecurity(config),
    relay: config.RELAY_NAME,
    topics: config.RELAY_TOPICS,
    source: config.RELAY_SOURCE,
    maxEventBytes: config.RELAY_MAX_EVENT_BYTES,
    // What goes wrong is told by the command, in one line.
    log: createLogger("outbox", "silent"),
  });
}

/** For each group of facts; what is asked within one has shorter limits of its own. */
const FACTS_TIMEOUT_MS = 20_000;

function createDoctor(config: CliConfig): Doctor & { close(): Promise<void> } {
  const { RELAY_NAME: relay, RELAY_SLOT: slot, RELAY_PUBLICATION: publication } = config;
  const table = outboxTable(config);
  const [brokers, partitions] = [config.KAFKA_BROKERS, config.RELAY_TOPIC_PARTITIONS];
  const postgres = createPostgresFacts({ databaseUrl: config.DATABASE_URL, relay, slot, publication, table });
  const kafka = createKafkaFacts({
    brokers,
    security: readKafkaSecurity(config),
    topics: [...new Set(config.RELAY_TOPICS.values())],
    partitions,
    replicationFactor: config.RELAY_TOPIC_REPLICATION,
  });
  const settings: DoctorSettings = {
    relay,
    mode: config.RELAY_MODE,
    slot,
    publication,
    table,
    retentionHours: config.RELAY_RETENTION_HOURS,
    brokers,
    // Whoever does not log in; a client certificate's name is not known here.
    kafkaPrincipal: `User:${config.KAFKA_SASL_USERNAME ?? "ANONYMOUS"}`,
    topicPartitions: partitions,
    topicReplication: config.RELAY_TOPIC_REPLICATION,
    maxEventBytes: config.RELAY_MAX_EVENT_BYTES,
    batchBytes: config.RELAY_BATCH_BYTES,
  };
  return {
    examine: (role) =>
      examine({
        checks,
        readers: { ...postgres.readers(role), ...kafka },
        settings,
        timeoutMs: FACTS_TIMEOUT_MS,
      }),
    close: () => postgres.close(),
  };
}
