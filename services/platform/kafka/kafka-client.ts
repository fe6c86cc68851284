import "./kafkajs-codec.ts";
import "./kafkajs-retry.ts";
import kafkajs, {
  type ISocketFactory,
  type Kafka,
  type LogEntry,
  type RetryOptions,
  type SASLOptions,
} from "kafkajs";
import type { Logger } from "../logger.ts";
import type { KafkaSecurity } from "./kafka-security.ts";
import type { ObservedRetry } from "./kafkajs-retry.ts";

/** kafkajs is CommonJS: a named import of a value fails at run time. */
const { Kafka: KafkaClient, logLevel } = kafkajs;

/** With kafkajs' defaults an outage of 12 s rejects after 10 s. */
export const retryForEver: RetryOptions = {
  retries: Number.MAX_SAFE_INTEGER,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
};

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly security: KafkaSecurity;
  readonly log: Logger;
  /** Default `retryForEver`. Fewer tries are for callers that try again themselves: kafkajs' own cannot be called off. */
  readonly retry?: RetryOptions;
  /** See `ObservedRetry`; of what the client makes as well: producers, consumers, admins. */
  readonly onFailedTry?: ((error: unknown) => void) | undefined;
  /** In the place of kafkajs' own. */
  readonly socketFactory?: ISocketFactory;
}

/** A kafkajs client that keeps trying, and logs through ours. Producers need `retry: retryForEver` of their own as well. */
export function createKafka({
  brokers,
  clientId,
  security: { tls, sasl },
  log,
  retry = retryForEver,
  onFailedTry,
  socketFactory,
}: KafkaOptions): Kafka {
  const observed: ObservedRetry = { ...retry, ...(onFailedTry ? { onFailedTry } : {}) };
  return new KafkaClient({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: observed,
    ...(tls ? { ssl: { ...tls } } : {}),
    ...(sasl ? { sasl: sasl as SASLOptions } : {}),
    ...(socketFactory ? { socketFactory } : {}),
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeTo(log, entry),
  });
}

/** What may be logged. A list of what goes in, since kafkajs also attaches whole messages and request payloads. */
const loggedFields = [
  "broker",
  "groupId",
  "memberId",
  "topic",
  "partition",
  "offset",
  "error",
  "correlationId",
  "retryCount",
  "retryTime",
] as const;

/** kafkajs calls an error what it is about to try again: an error for whoever is on call is logged by the caller. */
function writeTo(log: Logger, { level, namespace, log: entry }: LogEntry): void {
  const line: Record<string, unknown> = { kafka: namespace };
  for (const field of loggedFields) {
    const value: unknown = entry[field];
    if (typeof value === "string" || typeof value === "number") line[field] = value;
    else if (value instanceof Error) line[field] = value.message;
  }
  // A field of the same name takes the place of the text.
  const text = typeof entry.message === "string" ? entry.message : "kafka client";
  if (level <= logLevel.WARN) log.warn(line, text);
  else log.debug(line, text);
}
