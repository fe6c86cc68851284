/** A Kafka record as it was read: nothing in it is understood yet. */
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  /** Decimal; offsets are 64 bits wide. */
  readonly offset: string;
  /** The record's own time, in ms since the epoch, decimal; -1 when it has none. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In Kafka's own form: platform/kafka/record-headers.ts reads it. */
  readonly headers: Buffer;
}
