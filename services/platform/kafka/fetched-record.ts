import type { IHeaders, RecordBatchEntry } from "kafkajs";
import { ByteReader } from "./byte-reader.ts";
import { headersByName } from "./record-headers.ts";

/** What the records of one batch have in common. kafkajs looks into the lower half, and knows it by these names. */
export interface BatchContext {
  /** Has the batch's records, not compressed. */
  readonly bytes: Buffer;
  readonly firstOffset: bigint;
  readonly firstTimestamp: number;
  /** The broker's, for all of its records; undefined where the producer's count. */
  readonly appendedAt: number | undefined;
  readonly isControlBatch: boolean;
  readonly inTransaction: boolean;
  readonly producerId: string;
}

/** A record's bytes as they are. */
export interface RecordContent {
  /** Decimal. */
  readonly offset: string;
  /** ms since the epoch, decimal. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** For `findHeaders` and `headersByName`. */
  readonly headers: Buffer;
}

/**
 * A record that is no more than its place in the bytes of a batch until it is asked for: a fetch brings thousands, and all that is
 * made of them would live until their turn comes, and be copied from generation to generation by the garbage collector.
 */
export class FetchedRecord implements RecordBatchEntry {
  readonly batchContext: BatchContext;
  readonly #start: number;
  readonly #end: number;

  /** Its bytes without their length. */
  constructor(batchContext: BatchContext, start: number, end: number) {
    this.batchContext = batchContext;
    this.#start = start;
    this.#end = end;
  }

  /** @throws RangeError for a record that is cut short. */
  read(): RecordContent {
    const { bytes, firstOffset, firstTimestamp, appendedAt } = this.batchContext;
    const reader = new ByteReader(bytes, this.#start + 1, this.#end);
    const timestampDelta = reader.varlong();
    const timestamp = String(appendedAt ?? firstTimestamp + timestampDelta);
    const offset = String(firstOffset + BigInt(reader.varint()));
    const key = reader.field();
    const value = reader.field();
    return { offset, timestamp, key, value, headers: bytes.subarray(reader.at, this.#end) };
  }

  // For kafkajs, and for those who know it only.
  // kafkajs asks each for it.
  get offset(): string {
    const { bytes, firstOffset } = this.batchContext;
    const reader = new ByteReader(bytes, this.#start + 1, this.#end);
    reader.varlong();
    return String(firstOffset + BigInt(reader.varint()));
  }
  get timestamp(): string {
    return this.read().timestamp;
  }
  get key(): Buffer | null {
    return this.read().key;
  }
  get value(): Buffer | null {
    return this.read().value;
  }
  get headers(): IHeaders {
    return headersByName(this.read().headers) as IHeaders; // its types know no null, its own decoder does
  }
  get attributes(): number {
    return this.batchContext.bytes[this.#start] as number;
  }
  get isControlRecord(): boolean {
    return this.batchContext.isControlBatch;
  }
}
