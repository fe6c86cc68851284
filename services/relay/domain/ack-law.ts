import type { Lsn } from "./lsn.ts";
import type { Tick } from "./tick.ts";

/** A transaction of the stream, from its Begin message until it is confirmed. */
export interface TrackedTransaction {
  /** Lower 32 bits of the transaction id, as in the Begin message. */
  readonly xid: number;
  /** ms since 1970, by the database's clock. */
  readonly committedAt: number;
  /** Events handed to the publisher and not acked yet. */
  pending: number;
  /** Events that the broker has acked. */
  acked: number;
  /** Undefined until the Commit message has come. */
  endLsn: Lsn | undefined;
  tick: Tick | undefined;
}

/**
 * Which LSN may be confirmed to Postgres, and nothing else. The law: only the end LSN of a transaction; only over a
 * contiguous prefix of transactions of which every event is acked; never backwards; a keepalive's position only while nothing is
 * in flight. All methods are synchronous: a transaction is tracked before the first await.
 *
 * Breaking the stream's protocol (an event outside a transaction, end LSNs that go backwards) throws: going on would confirm
 * what nobody has published.
 */
export interface AckLaw {
  begin(xid: number, committedAt: number): void;
  /** Counts an event of the open transaction as in flight; the publisher's ack goes to the returned transaction. */
  event(): TrackedTransaction;
  /** Notes a tick that belongs to the open transaction. */
  tick(tick: Tick): void;
  commit(endLsn: Lsn): void;
  /** The broker has acked one event of the transaction. */
  ack(transaction: TrackedTransaction): void;
  keepalive(walEnd: Lsn): void;
  /** Moves over the transactions that are complete; to be called after acks and commits, as often as one likes. */
  advance(): void;
  /** All transactions that end at or below are acked. */
  readonly confirmableLsn: Lsn;
  /** The newest tick before which everything is acked. */
  readonly completedTick: Tick | undefined;
  /** True when no event after `confirmableLsn` has been acked. */
  readonly atBoundary: boolean;
  /** Nothing received is unconfirmed. */
  readonly idle: boolean;
}

export function createAckLaw(startLsn: Lsn): AckLaw {
  const transactions: TrackedTransaction[] = [];
  let head = 0;
  let ackedBeyond = 0;
  let open: TrackedTransaction | undefined;
  let lastEndLsn = 0n;
  let confirmable = startLsn;
  let completedTick: Tick | undefined;

  function opened(what: string): TrackedTransaction {
    if (!open) throw new Error(`protocol violation: ${what} outside a transaction`);
    return open;
  }

  function raise(lsn: Lsn): void {
    if (lsn > confirmable) confirmable = lsn;
  }

  function compact(): void {
    if (head === transactions.length) {
      transactions.length = 0;
      head = 0;
    } else if (head >= 4096 && head * 2 >= transactions.length) {
      transactions.splice(0, head);
      head = 0;
    }
  }

  return {
    begin(xid, committedAt) {
      if (open) throw new Error("protocol violation: Begin inside a transaction");
      open = { xid, committedAt, pending: 0, acked: 0, endLsn: undefined, tick: undefined };
      transactions.push(open);
    },
    event() {
      const transaction = opened("Insert");
      transaction.pending += 1;
      return transaction;
    },
    tick(tick) {
      opened("Message").tick = tick;
    },
    commit(endLsn) {
      const transaction = opened("Commit");
      if (endLsn <= lastEndLsn)
        throw new Error("protocol violation: Commit with an end LSN that goes backwards");
      lastEndLsn = endLsn;
      transaction.endLsn = endLsn;
      open = undefined;
    },
    ack(transaction) {
      if (transaction.pending === 0) throw new Error("an event was acked twice");
      transaction.pending -= 1;
      transaction.acked += 1;
      ackedBeyond += 1;
    },
    keepalive(walEnd) {
      this.advance();
      if (this.idle) raise(walEnd);
    },
    advance() {
      for (let transaction = transactions[head]; transaction; transaction = transactions[head]) {
        if (transaction.endLsn === undefined || transaction.pending > 0) break;
        raise(transaction.endLsn);
        ackedBeyond -= transaction.acked;
        if (transaction.tick) completedTick = transaction.tick;
        head += 1;
      }
      compact();
    },
    get confirmableLsn() {
      return confirmable;
    },
    get completedTick() {
      return completedTick;
    },
    get atBoundary() {
      return ackedBeyond === 0;
    },
    get idle() {
      return head === transactions.length;
    },
  };
}
