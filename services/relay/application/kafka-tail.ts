import type { TopicOffsets } from "../domain/topic-offsets.ts";
import type { UuidSet } from "../domain/uuid-set.ts";

/** Port: reads what already is on Kafka. */
export interface KafkaTail {
  /**
   * Reads all routed topics (made if they are missing) from these offsets to their ends of now. A topic that `from` does not name is
   * taken as it is: nothing of it is read; a partition that it does not name, of a topic that it names, is read from
   * its beginning. Rejects when the broker cannot be reached or `signal` aborts.
   */
  read(from: TopicOffsets, options: TailOptions): Promise<FoundOnKafka>;
}

export interface TailOptions {
  /**
   * True when a writer may have left a request behind: a request that the broker has received but not yet
   * worked off is then given time to land before the ends are asked for.
   */
  readonly settle: boolean;
  readonly signal: AbortSignal;
}

export interface FoundOnKafka {
  /** The ids of the events found. */
  readonly ids: UuidSet;
  /** The transactions that wrote them (xid8, which stays far below 2^53); one may be named several times. */
  readonly transactionIds: readonly number[];
  /** Where reading really began, for every partition of the routed topics. */
  readonly startOffsets: TopicOffsets;
  readonly endOffsets: TopicOffsets;
  /** Why events may be on Kafka, or may have been, that were not found: each a sentence. Empty when all is known. */
  readonly gaps: readonly string[];
}
