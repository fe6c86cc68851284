import type { Lsn } from "../../domain/lsn.ts";
import { columnName, OUTBOX_COLUMNS, type OutboxTableName } from "../../domain/outbox-columns.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { columnsMissing } from "./outbox-relation.ts";
import { createRowStore } from "./row-store.ts";
import { BEFORE_VALUE, WalEvent } from "./wal-event.ts";

/**
 * Decodes pgoutput, protocol version 1, for one table: the outbox. Message formats: PostgreSQL documentation, "Logical Replication
 * Message Formats" (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
 *
 * The message begins at `from` (0 unless told) and goes on to the buffer's end. Everything that outlives the call is copied: the buffer
 * that comes in is a view into one that the driver reuses.
 */
export type PgoutputDecoder = (buffer: Buffer, from?: number) => void;

export interface PgoutputSink {
  /** `committedAt` in ms since 1970, by the database's clock. */
  begin(commitLsn: Lsn, committedAt: number, xid: number): void;
  /** The server has described the table: it does so again after whatever may have changed what it sends of it. */
  described(): void;
  event(event: OutboxEvent): void;
  /** A logical decoding message (pg_logical_emit_message). */
  message(prefix: string, content: string): void;
  commit(endLsn: Lsn): void;
}

/** The stream cannot be understood: truncated, of an unknown kind, or not an outbox of the expected shape. */
export class PgoutputDecodeError extends Error {
  readonly code = "PGOUTPUT_DECODE";

  constructor(problem: string, options?: ErrorOptions) {
    super(`pgoutput: ${problem}`, options);
    this.name = "PgoutputDecodeError";
  }
}

/** Microseconds since 2000-01-01, where Postgres counts from, to milliseconds since 1970. */
const POSTGRES_EPOCH_MS = 946_684_800_000;

const BEGIN = 0x42; // B
const COMMIT = 0x43; // C
const INSERT = 0x49; // I
const MESSAGE = 0x4d; // M
const RELATION = 0x52; // R
/** Origin, Type, Update, Delete, Truncate: nothing that an append-only outbox needs. */
const IGNORED = new Set([0x4f, 0x59, 0x55, 0x44, 0x54]);

/** Where the columns of an Insert begin: after its type, the relation, `N` and their number. */
const TUPLE_BEGIN = 8;
const AGGREGATE_TYPE = OUTBOX_COLUMNS.indexOf("aggregate_type");
/** The columns whose size is not known beforehand. */
const VARIABLE: ReadonlySet<number> = new Set([4, 7, 8]);

const NEW_TUPLE = 0x4e; // N
const NULL_VALUE = 0x6e; // n
const TEXT_VALUE = 0x74; // t

/** The outbox as the server has described it; null for another table. */
type Description = {
  /** For each of its columns the place in OUTBOX_COLUMNS, or -1. */
  readonly places: readonly number[];
  /** Where each of OUTBOX_COLUMNS is among them; undefined when there are others besides. */
  readonly indexes: readonly number[] | undefined;
} | null;

const IN_ORDER = OUTBOX_COLUMNS.map((_, place) => place);

export function createPgoutputDecoder(table: OutboxTableName, sink: PgoutputSink): PgoutputDecoder {
  const names = OUTBOX_COLUMNS.map((column) => columnName(table, column));
  const relations = new Map<number, Description>();
  // Where each outbox column begins and ends in the Insert being decoded; -1 for null.
  const begins = new Int32Array(OUTBOX_COLUMNS.length);
  const ends = new Int32Array(OUTBOX_COLUMNS.length);
  const rows = createRowStore();
  /** One text for all events of a type that follow each other. */
  let aggregateType = "";

  function decode(m: Buffer, from: number): void {
    switch (m[from]) {
      case BEGIN:
        expectEnd(m, from + 21);
        sink.begin(m.readBigUInt64BE(from + 1), toUnixMs(m, from + 9), m.readUInt32BE(from + 17));
        return;
      case COMMIT:
        expectEnd(m, from + 26);
        sink.commit(m.readBigUInt64BE(from + 10));
        return;
      case INSERT:
        insert(m, from);
        return;
      case RELATION:
        relation(m, from);
        return;
      case MESSAGE: {
        const prefixEnd = endOfString(m, from + 10);
        const length = m.readUInt32BE(prefixEnd + 1);
        expectEnd(m, prefixEnd + 5 + length);
        sink.message(
          m.toString("utf8", from + 10, prefixEnd),
          m.toString("utf8", prefixEnd + 5, prefixEnd + 5 + length),
        );
        return;
      }
      default:
        if (!IGNORED.has(m[from] ?? 0)) {
          throw new PgoutputDecodeError(`unknown message type ${m[from] ?? "(empty)"}`);
        }
    }
  }

  function relation(m: Buffer, from: number): void {
    const schemaEnd = endOfString(m, from + 5);
    const nameEnd = endOfString(m, schemaEnd + 1);
    const count = m.readUInt16BE(nameEnd + 2);
    const columns: string[] = [];
    let at = nameEnd + 4;
    for (let i = 0; i < count; i++) {
      const columnEnd = endOfString(m, at + 1);
      columns.push(m.toString("utf8", at + 1, columnEnd));
      at = columnEnd + 9;
    }
    expectEnd(m, at);
    const isOutbox =
      m.toString("utf8", from + 5, schemaEnd) === table.schema &&
      m.toString("utf8", schemaEnd + 1, nameEnd) === table.name;
    relations.set(m.readUInt32BE(from + 1), isOutbox ? describe(columns) : null);
    if (isOutbox) sink.described();
  }

  function describe(columns: readonly string[]): Description {
    const missing = names.filter((name) => !columns.includes(name));
    if (missing.length > 0) {
      throw new PgoutputDecodeError(
        `${columnsMissing(table, missing)} (or let the publication have it, if it leaves it out)`,
      );
    }
    return {
      places: columns.map((column) => names.indexOf(column)),
      indexes: columns.length === names.length ? names.map((name) => columns.indexOf(name)) : undefined,
    };
  }

  function insert(m: Buffer, from: number): void {
    const description = relations.get(m.readUInt32BE(from + 1));
    if (description === null) return;
    if (description === undefined)
      throw new PgoutputDecodeError("Insert for a relation that was not described");
    if (m[from + 5] !== NEW_TUPLE) throw new PgoutputDecodeError("Insert without a new tuple");
    const { places, indexes } = description;
    if (m.readUInt16BE(from + 6) !== places.length) {
      throw new PgoutputDecodeError("Insert with another number of columns than its relation");
    }
    const tupleBegin = from + TUPLE_BEGIN;
    let at = tupleBegin;
    for (const place of places) {
      const kind = m[at];
      if (kind === TEXT_VALUE) {
        const begin = at + BEFORE_VALUE;
        at = begin + m.readUInt32BE(at + 1);
        if (at > m.length) throw new PgoutputDecodeError("truncated Insert");
        if (place >= 0) {
          begins[place] = begin;
          ends[place] = at;
        }
      } else if (kind === NULL_VALUE) {
        at += 1;
        if (place >= 0) begins[place] = -1;
      } else {
        throw new PgoutputDecodeError(`Insert with a value of unknown kind ${kind ?? "(truncated)"}`);
      }
    }
    expectEnd(m, at);
    sink.event(event(m, tupleBegin, indexes));
  }

  function event(m: Buffer, tupleBegin: number, indexes: readonly number[] | undefined): OutboxEvent {
    let variableBytes = 0;
    for (let place = 0; place < OUTBOX_COLUMNS.length; place++) {
      if (begins[place] === -1) throw new PgoutputDecodeError(`null in column ${names[place]}`);
      if (VARIABLE.has(place)) variableBytes += (ends[place] as number) - (begins[place] as number);
    }
    const [begin, end] = [begins[AGGREGATE_TYPE] as number, ends[AGGREGATE_TYPE] as number];
    if (!isAt(m, begin, end, aggregateType)) aggregateType = m.toString("utf8", begin, end);
    // Columns that are not ours must not wait in memory with them.
    const tuple = indexes ? m : outboxColumns(m);
    const at = rows.keep(tuple, indexes ? tupleBegin : 0, tuple.length);
    return new WalEvent(rows.buffer, at, indexes ?? IN_ORDER, aggregateType, variableBytes);
  }

  function outboxColumns(m: Buffer): Buffer {
    return Buffer.concat(
      IN_ORDER.map((place) => m.subarray((begins[place] as number) - BEFORE_VALUE, ends[place])),
    );
  }

  return (buffer, from = 0) => {
    try {
      decode(buffer, from);
    } catch (error) {
      // Node's checked reads throw RangeError past the end.
      if (error instanceof RangeError) throw new PgoutputDecodeError("truncated message", { cause: error });
      throw error;
    }
  };
}

/** For a text in ASCII; false for any other. */
function isAt(m: Buffer, begin: number, end: number, text: string): boolean {
  if (end - begin !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (m[begin + i] !== text.charCodeAt(i)) return false;
  return true;
}

function toUnixMs(m: Buffer, at: number): number {
  const microseconds = m.readInt32BE(at) * 4_294_967_296 + m.readUInt32BE(at + 4);
  return microseconds / 1000 + POSTGRES_EPOCH_MS;
}

function endOfString(m: Buffer, at: number): number {
  const end = m.indexOf(0, at);
  if (end === -1) throw new PgoutputDecodeError("truncated message: a string without an end");
  return end;
}

function expectEnd(m: Buffer, end: number): void {
  if (m.length !== end)
    throw new PgoutputDecodeError(`a message that ends at byte ${m.length} where ${end} was expected`);
}
