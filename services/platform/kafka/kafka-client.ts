import kafkajs, { type Kafka, type RetryOptions } from "kafkajs";
import type { Logger } from "../logger.ts";

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
  readonly log: Logger;
}

/** A kafkajs client that keeps trying, and logs through ours. Producers need `retry: retryForEver` of their own as well. */
export function createKafka({ brokers, clientId, log }: KafkaOptions): Kafka {
  return new KafkaClient({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: retryForEver,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      const { message, timestamp: _, logger: __, ...fields } = entry.log;
      const line = { kafka: entry.namespace, ...fields };
      if (entry.level === logLevel.ERROR) log.error(line, message);
      else if (entry.level === logLevel.WARN) log.warn(line, message);
      else log.debug(line, message);
    },
  });
}
