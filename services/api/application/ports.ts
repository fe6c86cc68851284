import type { TraceContext } from "../../platform/tracing/trace-context.ts";
import type { Order, OrderEvent, OrderStatus } from "../domain/order.ts";

/**
 * Port: a transaction is a closure. `Tx` is opaque here; the repositories know what it is. What they write in it is sent with the
 * commit, or with what is read next: a write that fails rejects `run`.
 */
export interface TxManager<Tx> {
  /**
   * Commits when `work` resolves, rolls back when it rejects. `work` runs again, in a new transaction, after a serialization failure
   * or a deadlock, so it has no effect outside of `tx`.
   * @throws OrderError UNAVAILABLE when the database cannot be reached or the commit's outcome is not known; DEADLINE_EXCEEDED;
   *   OVERLOADED.
   */
  run<T>(work: (tx: Tx) => Promise<T>, deadline: Deadline): Promise<T>;
}

/** Until when a caller waits for an answer. */
export interface Deadline {
  /** Aborts when the caller is gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** What is left; undefined when the caller set no deadline. */
  remainingMs(): number | undefined;
}

/** Port: the orders table. */
export interface OrderRepository<Tx> {
  insert(tx: Tx, order: Order): void;
  /** Nobody else can change the order until `tx` ends. */
  findForUpdate(tx: Tx, id: string): Promise<Order | undefined>;
  /** Writes the order's state; `order` was found for update in `tx`. */
  update(tx: Tx, order: Order): void;
  /** @throws OrderError UNAVAILABLE, DEADLINE_EXCEEDED, OVERLOADED */
  find(id: string, deadline: Deadline): Promise<Order | undefined>;
  /** Newest first, from behind `after` on. @throws OrderError as `find` */
  list(query: OrderQuery, deadline: Deadline): Promise<readonly Order[]>;
}

/** Port: orders by id, from a cache that may answer what is a little old. */
export interface CachedOrders {
  /** Never older than what this process has committed. @throws OrderError as `OrderRepository.find` */
  find(id: string, deadline: Deadline): Promise<Order | undefined>;
  /**
   * To be told of each change that was committed; a new order is in no cache, and so needs no word. Resolves within tens of ms, whether
   * others can see it yet or not, and never rejects.
   */
  committed(order: Order): Promise<void>;
}

export interface OrderFilter {
  readonly customerId: string | undefined;
  readonly pickupPointId: string | undefined;
  readonly status: OrderStatus | undefined;
}

export interface OrderQuery {
  readonly filter: OrderFilter;
  readonly after: OrderPosition | undefined;
  readonly limit: number;
}

/** An order's place in the list. */
export interface OrderPosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** Port: the outbox; what is appended is published if and only if the transaction commits. */
export interface OutboxRepository<Tx> {
  /** `order` is the one after the event: consumers get it whole. */
  append(tx: Tx, event: OrderEvent, order: Order, envelope: EventEnvelope): void;
}

/** Port: the transaction that `work` runs is a part of the call's trace; `work` is given what its event is to pass on. */
export type InSpan = <T>(
  written: WrittenEvent,
  work: (trace: TraceContext | undefined) => Promise<T>,
) => Promise<T>;

export interface WrittenEvent {
  readonly eventId: string;
  readonly orderId: string;
  /** The call's. */
  readonly trace: TraceContext | undefined;
}

export interface EventEnvelope {
  /** UUID version 7; what consumers de-duplicate by. */
  readonly eventId: string;
  /** Passed on to consumers as headers of the Kafka record. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Port: which requests were done under which idempotency key. Keys of different callers have nothing to do with one another. */
export interface IdempotencyStore<Tx> {
  /**
   * Holds the key until `tx` ends.
   * @throws OrderError IDEMPOTENCY_KEY_IN_FLIGHT (by `tx`, as all writes)
   * @throws IdempotencyKeyTaken (by `tx`) when a request was done under it
   */
  claim(tx: Tx, key: IdempotencyKey): void;
  /** Keeps what was answered, for as long as keys are kept. */
  record(tx: Tx, key: IdempotencyKey, done: DoneRequest): void;
  /** Undefined when nothing was done under the key, or too long ago. @throws OrderError as `OrderRepository.find` */
  find(key: IdempotencyKey, deadline: Deadline): Promise<DoneRequest | undefined>;
}

export interface IdempotencyKey {
  readonly caller: string;
  readonly key: string;
}

export interface DoneRequest {
  /** Of what was asked for; another one under the same key has another. */
  readonly fingerprint: string;
  /** What was answered: this order at this version. */
  readonly orderId: string;
  readonly version: bigint;
}

/** A request was done under the key before: the transaction has done nothing. */
export class IdempotencyKeyTaken extends Error {}

/** Port: UUIDs of version 7, ascending in time. */
export type NewId = () => string;

/** Port: the time. */
export type Now = () => Date;

/** Port: a digest of the text in base64url, the same for the same text; for another text another one. */
export type Digest = (text: string) => string;
