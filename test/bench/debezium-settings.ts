import { join } from "node:path";

/** What Debezium is to do. */
export interface DebeziumTask {
  readonly databaseUrl: string;
  readonly slot: string;
  readonly brokers: string;
  readonly topic: string;
  /** For what it keeps. */
  readonly folder: string;
  readonly restPort: number;
}

type Settings = Readonly<Record<string, string>>;

// What matters, by 200,000 events on two cores: `poll.interval.ms` and `linger.ms`, because each event may wait for both (500 and 5 ms
// by default). At 1 and 0 the median latency is 3 ms instead of 5, but batches are so small that up to a quarter of the throughput is
// lost. For the throughput little matters: with the default poll interval, producer and collector it is a tenth lower, with queues and
// batches four times as long it is the same. Five requests in flight instead of Connect's one cost 5 to 10 %, for smaller batches. The
// parallel collector takes some 5 % less CPU time than G1, and leaving out columns and headers that nobody reads as much again. While the JVM
// still compiles it is slower: between the first and the last tenth of the backlog, 40,000 events per second instead of 33,500.

export const jvmSettings = ["-Xms256m", "-Xmx512m", "-XX:+UseParallelGC", "-Djava.awt.headless=true"];

/** Of Kafka Connect in standalone mode: https://kafka.apache.org/documentation/#connectconfigs */
export function workerSettings({ brokers, folder, restPort }: DebeziumTask): Settings {
  return {
    "bootstrap.servers": brokers,
    "offset.storage.file.filename": join(folder, "offsets"),
    listeners: `http://127.0.0.1:${restPort}`,
    "plugin.discovery": "service_load",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    "header.converter": "org.apache.kafka.connect.storage.StringConverter",
    "producer.acks": "all",
    // Without it a request that is sent again is on the topic twice; Connect turns it off.
    "producer.enable.idempotence": "true",
    "producer.compression.type": "none",
    "producer.linger.ms": "0",
    "producer.batch.size": "262144",
  };
}

/** Of the connector: https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-connector-properties */
export function connectorSettings({ databaseUrl, slot, topic }: DebeziumTask): Settings {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  return {
    name: slot,
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "database.hostname": hostname,
    "database.port": port,
    "database.user": decodeURIComponent(username),
    "database.password": decodeURIComponent(password),
    "database.dbname": decodeURIComponent(pathname.slice(1)),
    "topic.prefix": topic,
    "plugin.name": "pgoutput",
    "slot.name": slot,
    "publication.name": "outbox",
    "publication.autocreate.mode": "disabled",
    "table.include.list": "public.outbox",
    // A transaction's id (xid8) is of no type that it knows.
    "column.exclude.list": ["position", "transaction_id", "headers"]
      .map((column) => `public.outbox.${column}`)
      .join(","),
    // From where the slot stands, without reading the table.
    "snapshot.mode": "no_data",
    "poll.interval.ms": "5",
    "extended.headers.enabled": "false",
    "statistics.metrics.enabled": "false",
    ...routerSettings(topic),
  };
}

/** Of the outbox event router: https://debezium.io/documentation/reference/stable/transformations/outbox-event-router.html */
function routerSettings(topic: string): Settings {
  // Five of the relay's ten, and the `id` that is always there. The others would take more transformations.
  const headers = {
    id: "ce_id",
    event_type: "ce_type",
    created_at: "ce_time",
    aggregate_type: "ce_aggregatetype",
    aggregate_version: "ce_aggregateversion",
  };
  const settings = {
    type: "io.debezium.transforms.outbox.EventRouter",
    "table.field.event.key": "aggregate_id",
    "table.expand.json.payload": "false",
    "table.fields.additional.placement": Object.entries(headers)
      .map(([column, header]) => `${column}:header:${header}`)
      .join(","),
    "route.by.field": "aggregate_type",
    "route.topic.replacement": topic,
  };
  return {
    transforms: "outbox",
    ...Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`transforms.outbox.${name}`, value]),
    ),
  };
}
