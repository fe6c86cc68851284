import type { FoundOnKafka, KafkaTail } from "../application/kafka-tail.ts";
import type { Publisher, Refusal } from "../application/publisher.ts";
import { RelayError } from "../application/relay-error.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { createUuidSet } from "../domain/uuid-set.ts";

/** What the next batch meets: an ack; nothing written; all written and the answer lost; only some of it written. */
export type Fault = "ack" | "reject" | "answer lost" | "half written";

export interface ScriptedKafka {
  readonly publisher: Publisher;
  readonly tail: KafkaTail;
  /** Ids in the order in which they were written. */
  readonly written: string[];
  /** How many batches were sent. */
  readonly sent: () => number;
  /** Ids that the broker will never take. */
  readonly poison: Set<string>;
  readonly refusals: Map<string, Refusal>;
}

/** One partition, as a list; batches meet the faults of the script, then all goes well. */
export function scriptedKafka(script: Fault[] = []): ScriptedKafka {
  const written: string[] = [];
  const poison = new Set<string>();
  const refusals = new Map<string, Refusal>();
  let sent = 0;
  const write = (events: readonly OutboxEvent[]) => written.push(...events.map(({ id }) => id));
  const ends = () => ({ orders: { "0": String(written.length) } });
  const publisher: Publisher = {
    refusal: ({ id }) => refusals.get(id),
    async publish(events) {
      sent += 1;
      if (events.some(({ id }) => poison.has(id)))
        throw new RelayError("RECORD_REFUSED", "MESSAGE_TOO_LARGE");
      const fault = script.shift() ?? "ack";
      if (fault === "answer lost") write(events);
      if (fault === "half written") write(events.slice(0, Math.ceil(events.length / 2)));
      if (fault !== "ack") throw new Error(fault);
      write(events);
      return ends();
    },
    discard: async () => {},
  };
  const tail: KafkaTail = {
    async read(from): Promise<FoundOnKafka> {
      const ids = createUuidSet();
      const start = Number(from.orders?.["0"] ?? 0);
      for (const id of written.slice(start)) ids.add(id);
      return { ids, transactionIds: [], startOffsets: from, endOffsets: ends(), gaps: [] };
    },
  };
  return { publisher, tail, written, sent: () => sent, poison, refusals };
}
