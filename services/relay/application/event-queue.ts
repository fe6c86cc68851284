import type { TrackedTransaction } from "../domain/ack-law.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";

export interface EventBatch {
  readonly events: readonly OutboxEvent[];
  /** For each event, the transaction that it belongs to. */
  readonly transactions: readonly TrackedTransaction[];
}

export interface BatchLimits {
  readonly events: number;
  /** A single event above it makes a batch of its own. */
  readonly bytes: number;
}

/** First in, first out, between the stream and the publisher; knows its size in bytes so that reading can be paused. */
export interface EventQueue {
  push(event: OutboxEvent, transaction: TrackedTransaction): void;
  /** The oldest events that fit the limits; at least one unless the queue is empty. */
  take(): EventBatch;
  readonly length: number;
  readonly bytes: number;
}

export function createEventQueue(limits: BatchLimits): EventQueue {
  let events: OutboxEvent[] = [];
  let transactions: TrackedTransaction[] = [];
  let head = 0;
  let bytes = 0;
  return {
    push(event, transaction) {
      events.push(event);
      transactions.push(transaction);
      bytes += event.bytes;
    },
    take() {
      const end = batchEnd(events, head, limits);
      for (let i = head; i < end; i++) bytes -= (events[i] as OutboxEvent).bytes;
      // The usual case hands the arrays over as they are: nothing is copied.
      if (head === 0 && end === events.length) {
        const batch = { events, transactions };
        events = [];
        transactions = [];
        return batch;
      }
      const batch = { events: events.slice(head, end), transactions: transactions.slice(head, end) };
      head = end;
      if (head * 2 >= events.length) {
        events = events.slice(head);
        transactions = transactions.slice(head);
        head = 0;
      }
      return batch;
    },
    get length() {
      return events.length - head;
    },
    get bytes() {
      return bytes;
    },
  };
}

/** Where a batch that starts at `from` ends (exclusive). */
export function batchEnd(events: readonly OutboxEvent[], from: number, limits: BatchLimits): number {
  let bytes = 0;
  let end = from;
  for (let event = events[end]; event && end - from < limits.events; event = events[end]) {
    if (end > from && bytes + event.bytes > limits.bytes) break;
    bytes += event.bytes;
    end += 1;
  }
  return end;
}
