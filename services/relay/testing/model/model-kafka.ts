import type { FoundOnKafka } from "../../application/kafka-tail.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";
import { createUuidSet } from "../../domain/uuid-set.ts";

export interface ModelRecord {
  readonly event: OutboxEvent;
  readonly partition: number;
  readonly offset: number;
}

/** One topic. */
export interface ModelKafka {
  partitionOf(event: OutboxEvent): number;
  /** At once and whole; returns the partition's end. */
  append(partition: number, events: readonly OutboxEvent[]): number;
  readTail(from: TopicOffsets): FoundOnKafka;
  has(id: string): boolean;
  readonly records: readonly ModelRecord[];
  /** Ids that the broker refuses. */
  readonly poison: Set<string>;
}

export const TOPIC = "orders-events";
const PARTITIONS = 2;

/** `onAppend` is told of each record before it is there. */
export function createModelKafka(onAppend: (event: OutboxEvent) => void): ModelKafka {
  const partitions: OutboxEvent[][] = Array.from({ length: PARTITIONS }, () => []);
  const records: ModelRecord[] = [];
  const ids = new Set<string>();

  function endOffsets(): TopicOffsets {
    return { [TOPIC]: Object.fromEntries(partitions.map(({ length }, index) => [index, `${length}`])) };
  }

  return {
    partitionOf: ({ key }) => (key.at(-1) ?? 0) % PARTITIONS,
    append(partition, events) {
      const log = partitions[partition] as OutboxEvent[];
      for (const event of events) {
        onAppend(event);
        records.push({ event, partition, offset: log.length });
        log.push(event);
        ids.add(event.id);
      }
      return log.length;
    },
    readTail(from) {
      const found = createUuidSet();
      const transactionIds: number[] = [];
      const starts: Record<string, string> = {};
      for (const [index, log] of partitions.entries()) {
        const known = from[TOPIC]?.[index];
        const start = known === undefined ? (from[TOPIC] ? 0 : log.length) : Number(known);
        starts[index] = `${start}`;
        for (const { id, transactionId } of log.slice(start)) {
          found.add(id);
          transactionIds.push(Number(transactionId));
        }
      }
      return {
        ids: found,
        transactionIds,
        startOffsets: { [TOPIC]: starts },
        endOffsets: endOffsets(),
        gaps: [],
      };
    },
    has: (id) => ids.has(id),
    records,
    poison: new Set(),
  };
}
