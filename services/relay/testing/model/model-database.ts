import type { Lsn } from "../../domain/lsn.ts";
import { EVENT_OVERHEAD_BYTES, type OutboxEvent } from "../../domain/outbox-event.ts";

export interface ModelRow {
  readonly event: OutboxEvent;
  readonly key: string;
  readonly position: bigint;
  readonly transaction: ModelTransaction;
  /** Decides what becomes of it in the stream. */
  readonly writtenUnder: Publication;
  /** Identity of the publication at that time. */
  readonly publicationIdentity: string;
}

/** Rows that are written while it lacks the table are not decoded, and nobody is told; while it is missing, decoding them fails. */
export type Publication = "complete" | "without the table" | "missing";

export interface ModelTransaction {
  /** Assigned at the first write, as Postgres does. */
  xid: bigint | undefined;
  /** `committed`: the commit record is in the WAL, but no snapshot sees it yet. */
  state: "open" | "committed" | "visible" | "rolled back";
  readonly rows: ModelRow[];
  tick: { readonly id: string; readonly snapshot: string } | undefined;
  /** Where the commit record begins and ends. */
  commitLsn: Lsn;
  endLsn: Lsn;
}

/**
 * Postgres as far as the relay's argument goes: transaction ids at the first write, positions from a sequence at the insert, commit
 * records in the WAL before the transaction is visible, snapshots by the rule of GetSnapshotData.
 */
export interface ModelDatabase {
  begin(): ModelTransaction;
  /** Assigns the transaction's id, as writing anything does. */
  write(transaction: ModelTransaction): void;
  /** Undefined when another transaction has the aggregate's row lock. */
  insert(transaction: ModelTransaction, key: string): ModelRow | undefined;
  /** Of one that has written something. */
  commit(transaction: ModelTransaction): void;
  show(transaction: ModelTransaction): void;
  rollback(transaction: ModelTransaction): void;
  /** `pg_current_snapshot()` as text. */
  snapshot(): string;
  /** Ids of transactions that are neither visible nor rolled back. */
  runningXids(): bigint[];
  isRunning(xid: bigint): boolean;
  /** All committed transactions, in the order of their commit records. */
  readonly wal: readonly ModelTransaction[];
  readonly walEnd: Lsn;
  readonly rows: readonly ModelRow[];
  readonly publication: Publication;
  /** Another one after every change. */
  readonly publicationIdentity: string;
  publish(publication: Publication): void;
}

/** So that ids pass 2^32 and LSNs pass a segment of text form within a history. */
const FIRST_XID = 2n ** 32n - 12n;
const FIRST_LSN = 0xffff_fe00n;
const INSERT_BYTES = 96n;
const COMMIT_BYTES = 48n;

export function createModelDatabase(): ModelDatabase {
  const wal: ModelTransaction[] = [];
  const rows: ModelRow[] = [];
  const running = new Set<bigint>();
  const locks = new Map<string, ModelTransaction>();
  const versions = new Map<string, number>();
  let nextXid = FIRST_XID;
  let latestCompleted = FIRST_XID - 1n;
  let nextPosition = 1n;
  let walEnd = FIRST_LSN;
  let publication: Publication = "complete";
  let publicationChanges = 0;

  function write(transaction: ModelTransaction): void {
    walEnd += INSERT_BYTES;
    if (transaction.xid !== undefined) return;
    transaction.xid = nextXid;
    nextXid += 1n;
    running.add(transaction.xid);
  }

  /** It leaves the list of running transactions, and only then its locks. */
  function complete(transaction: ModelTransaction): void {
    if (transaction.xid !== undefined) {
      running.delete(transaction.xid);
      if (transaction.xid > latestCompleted) latestCompleted = transaction.xid;
    }
    for (const [key, holder] of locks) if (holder === transaction) locks.delete(key);
  }

  return {
    begin: () => ({
      xid: undefined,
      state: "open",
      rows: [],
      tick: undefined,
      commitLsn: 0n,
      endLsn: 0n,
    }),
    write,
    insert(transaction, key) {
      const holder = locks.get(key);
      if (holder && holder !== transaction) return undefined;
      locks.set(key, transaction);
      write(transaction);
      const version = (versions.get(key) ?? 0) + 1;
      versions.set(key, version);
      const position = nextPosition;
      nextPosition += 1n;
      const event = eventOf(position, transaction.xid as bigint, key, version);
      const row = {
        event,
        key,
        position,
        transaction,
        writtenUnder: publication,
        publicationIdentity: `${publicationChanges}`,
      };
      transaction.rows.push(row);
      rows.push(row);
      return row;
    },
    commit(transaction) {
      transaction.state = "committed";
      // The records of transactions that commit together stand side by side.
      transaction.commitLsn = walEnd;
      walEnd += COMMIT_BYTES;
      transaction.endLsn = walEnd;
      wal.push(transaction);
    },
    show(transaction) {
      transaction.state = "visible";
      complete(transaction);
    },
    rollback(transaction) {
      transaction.state = "rolled back";
      for (const { key } of transaction.rows) versions.set(key, (versions.get(key) ?? 0) - 1);
      complete(transaction);
    },
    snapshot() {
      const xmax = latestCompleted + 1n;
      const inProgress = [...running].filter((xid) => xid < xmax).sort((a, b) => (a < b ? -1 : 1));
      return `${inProgress[0] ?? xmax}:${xmax}:${inProgress.join(",")}`;
    },
    runningXids: () => [...running],
    isRunning: (xid) => running.has(xid),
    wal,
    get walEnd() {
      return walEnd;
    },
    rows,
    get publication() {
      return publication;
    },
    get publicationIdentity() {
      return `${publicationChanges}`;
    },
    publish(changed) {
      if (changed === publication) return;
      publication = changed;
      publicationChanges += 1;
    },
  };
}

function eventOf(position: bigint, xid: bigint, key: string, version: number): OutboxEvent {
  const payload = Buffer.from(JSON.stringify({ key, version }));
  return {
    position: `${position}`,
    id: `00000000-0000-7000-8000-${position.toString(16).padStart(12, "0")}`,
    transactionId: `${xid}`,
    aggregateType: "order",
    key: Buffer.from(key),
    aggregateVersion: `${version}`,
    eventType: "OrderChanged",
    payload,
    headers: "{}",
    createdAt: "2026-11-24 08:00:00+00",
    bytes: EVENT_OVERHEAD_BYTES + payload.length,
  };
}
