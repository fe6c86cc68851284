import { EVENT_OVERHEAD_BYTES, type OutboxEvent } from "../../domain/outbox-event.ts";

/** What precedes a value in TupleData: `t`, and its length. */
export const BEFORE_VALUE = 5;

/**
 * Below, a column is named by its place in OUTBOX_COLUMNS.
 *
 * An event that is no more than its row's bytes until it is asked for: it waits to be published and acked, and what waits is copied from
 * generation to generation by the garbage collector. What is asked for is made anew each time, and dies young.
 */
export class WalEvent implements OutboxEvent {
  readonly aggregateType: string;
  readonly bytes: number;
  readonly #rows: Buffer;
  readonly #at: number;
  readonly #indexes: readonly number[];

  /**
   * The outbox's columns as TupleData has them, none of them null, from `at` on in a buffer that does not change any more; and in which
   * order they are there.
   */
  constructor(
    rows: Buffer,
    at: number,
    indexes: readonly number[],
    aggregateType: string,
    variableBytes: number,
  ) {
    this.#rows = rows;
    this.#at = at;
    this.#indexes = indexes;
    this.aggregateType = aggregateType;
    this.bytes = EVENT_OVERHEAD_BYTES + variableBytes;
  }

  get position(): string {
    return this.#text(0);
  }
  get id(): string {
    return this.#text(1);
  }
  get transactionId(): string {
    return this.#text(2);
  }
  get key(): Buffer {
    return this.#value(4);
  }
  get aggregateVersion(): string {
    return this.#text(5);
  }
  get eventType(): string {
    return this.#text(6);
  }
  get payload(): Buffer {
    return this.#value(7);
  }
  get headers(): string {
    return this.#text(8);
  }
  get createdAt(): string {
    return this.#text(9);
  }

  #text(column: number): string {
    const begin = this.#begin(column);
    return this.#rows.toString("utf8", begin, begin + lengthBefore(this.#rows, begin));
  }

  #value(column: number): Buffer {
    const begin = this.#begin(column);
    return this.#rows.subarray(begin, begin + lengthBefore(this.#rows, begin));
  }

  #begin(column: number): number {
    let at = this.#at + BEFORE_VALUE;
    for (let before = this.#indexes[column] as number; before > 0; before--) {
      at += lengthBefore(this.#rows, at) + BEFORE_VALUE;
    }
    return at;
  }
}

/** Node's own reading, with its checks, would be done some fifty times for an event. */
function lengthBefore(rows: Buffer, at: number): number {
  return (
    (byte(rows, at - 4) << 24) | (byte(rows, at - 3) << 16) | (byte(rows, at - 2) << 8) | byte(rows, at - 1)
  );
}

const byte = (bytes: Buffer, at: number) => bytes[at] as number;
