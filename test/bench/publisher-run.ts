import { checkOutbox } from "../../services/relay/testing/outbox-check.ts";
import type { KafkaRecord } from "../support/kafka.ts";
import type { Backlog } from "./backlog.ts";
import type { ProcessUsage } from "./process-usage.ts";

/** What publishes the outbox of a backlog's database to a topic of its own, as a process of its own: a relay, or another tool. */
export interface PublisherRun {
  readonly usage: ProcessUsage;
  /** Resolves when an event would be published at once. */
  ready(): Promise<void>;
  /** Resolves when it has published this many events. */
  published(count: number): Promise<void>;
  /**
   * Stops it, and shows each record of its topic.
   * @throws Error when the topic is not what the outbox has: each event once, in order per key, byte for byte.
   */
  finish(onRecord: (record: KafkaRecord) => void): Promise<void>;
  kill(): Promise<void>;
}

export const LONGEST_MS = 120_000;

/** The last part of `finish`. */
export async function checkTopic(
  { pool }: Backlog,
  brokers: string,
  topic: string,
  onRecord: (record: KafkaRecord) => void,
): Promise<void> {
  const { committed, ...wrong } = await checkOutbox(pool, topic, {
    brokers,
    timeoutMs: LONGEST_MS,
    onRecord,
  });
  const counts = Object.entries(wrong).filter(([, ids]) => ids.length > 0);
  if (counts.length === 0) return;
  const list = counts.map(([what, ids]) => `${what}: ${ids.length}`).join(", ");
  throw new Error(`a guarantee is broken on ${topic}, of ${committed} events ${list}`);
}
