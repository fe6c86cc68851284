type HeaderValue = Buffer | string | null;

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
  /** A header that occurs more than once has a list. */
  readonly headers: Readonly<Record<string, HeaderValue | HeaderValue[] | undefined>>;
}
