import type { Consumer } from "kafkajs";

/** What the broker says of a partition; offsets are decimal. */
export interface PartitionOffsets {
  readonly partition: number;
  /** Of the next record that will be written. */
  readonly end: string;
  /** Where the group goes on: what it has committed, or the partition's beginning. */
  readonly next: string;
}

export interface PartitionLag {
  readonly partition: number;
  /** Records that are there and not worked on. */
  readonly records: number;
}

/** How far this process is behind in the partitions that it has now. */
export interface ConsumerLag {
  /** Follows a consumer's events: its fetches tell both offsets while records flow. */
  watch(consumer: Consumer): void;
  /** What no fetch tells: offsets of partitions without a record so far, and how far a topic grows while its partitions stall. */
  learn(offsets: readonly PartitionOffsets[]): void;
  /** It has no partition any more. */
  left(): void;
  read(): readonly PartitionLag[];
}

export function createConsumerLag(topic: string): ConsumerLag {
  // Of all partitions that were ever heard of, so that one that comes here has its figures at once.
  const ends = new Map<number, bigint>();
  const positions = new Map<number, bigint>();
  let assigned: readonly number[] = [];

  return {
    watch(consumer) {
      const { GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS } = consumer.events;
      consumer.on(GROUP_JOIN, ({ payload }) => {
        assigned = payload.memberAssignment[topic] ?? [];
      });
      consumer.on(START_BATCH_PROCESS, ({ payload }) => {
        ends.set(payload.partition, BigInt(payload.highWatermark));
      });
      consumer.on(END_BATCH_PROCESS, ({ payload }) => {
        positions.set(payload.partition, BigInt(payload.lastOffset) + 1n);
      });
    },
    learn(offsets) {
      for (const { partition, end, next } of offsets) {
        ends.set(partition, BigInt(end));
        // A batch may have ended since the broker was asked; and of a tail of control records nothing is committed.
        const known = positions.get(partition) ?? 0n;
        positions.set(partition, known > BigInt(next) ? known : BigInt(next));
      }
    },
    left() {
      assigned = [];
    },
    read() {
      return assigned.flatMap((partition) => {
        const end = ends.get(partition);
        const position = positions.get(partition);
        if (end === undefined || position === undefined) return [];
        return { partition, records: Math.max(0, Number(end - position)) };
      });
    },
  };
}
