import type { Lsn } from "../domain/lsn.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { Tick } from "../domain/tick.ts";

/** Port: committed outbox events in commit order, from the WAL. */
export interface EventStream {
  /**
   * Starts streaming from the slot's own position. Resolves when the server has answered; rejects when the slot cannot
   * be streamed from. The sink is called synchronously, in the order of the stream; what it throws loses the stream.
   */
  open(sink: StreamSink): Promise<OpenStream>;
}

export interface StreamSink {
  begin(commitLsn: Lsn, committedAt: number, xid: number): void;
  /**
   * Before the first event, and again before the first one after any change of what is published of the table: rows that were written
   * in between may be missing, without a word.
   */
  described(): void;
  event(event: OutboxEvent): void;
  /** A tick of this relay, of whatever epoch; it belongs to the transaction that is open. */
  tick(tick: Tick): void;
  commit(endLsn: Lsn): void;
  keepalive(walEnd: Lsn): void;
}

export interface OpenStream {
  /** What is told to the server from now on, at once and with every status update; never goes backwards. */
  confirm(lsn: Lsn): void;
  /** Makes the server send something, if it is alive. */
  askForReply(): void;
  /** Stops reading; status updates go on. */
  pause(): void;
  resume(): void;
  /** Tells the server the confirmed LSN, ends the copy and waits for the server's end; what still comes in is dropped. */
  stop(): Promise<void>;
  /** Drops the connection without a word. */
  destroy(): void;
  /** Resolves with the reason when the stream ends without `stop` or `destroy`. Never rejects. */
  readonly lost: Promise<Error>;
  /** When the server was last heard of; ms on the monotonic clock of performance.now(). */
  readonly lastReceivedAt: number;
}
