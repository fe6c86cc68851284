import type { Order, OrderEvent } from "../domain/order.ts";

/**
 * Port: a transaction is a closure. `Tx` is opaque here; the repositories know what it is. What they write in it is sent with the
 * commit, or with what is read next: a write that fails rejects `run`.
 */
export interface TxManager<Tx> {
  /**
   * Commits when `work` resolves, rolls back when it rejects. `work` runs again, in a new transaction, after a serialization failure
   * or a deadlock, so it has no effect outside of `tx`.
   * @throws OrderError UNAVAILABLE when the database cannot be reached or the commit's outcome is not known.
   */
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Port: the orders table. */
export interface OrderRepository<Tx> {
  insert(tx: Tx, order: Order): void;
  /** @throws OrderError UNAVAILABLE */
  find(id: string): Promise<Order | undefined>;
}

/** Port: the outbox; what is appended is published if and only if the transaction commits. */
export interface OutboxRepository<Tx> {
  append(tx: Tx, event: OrderEvent, envelope: EventEnvelope): void;
}

export interface EventEnvelope {
  /** UUID version 7; what consumers de-duplicate by. */
  readonly eventId: string;
  /** Passed on to consumers as headers of the Kafka record. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Port: UUIDs of version 7, ascending in time. */
export type NewId = () => string;

/** Port: the time. */
export type Now = () => Date;
