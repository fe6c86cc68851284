import { type DeadLetters, orderingKey } from "../../application/dead-letters.ts";
import { batchEnd } from "../../application/event-queue.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { Journal } from "./journal.ts";

export interface ModelLetter {
  readonly event: OutboxEvent;
  isRefused: boolean;
  request: "retry" | "discard" | undefined;
}

/** The table outbox_dead_letter, as it is in between two statements. */
export interface ModelDeadLetters extends Omit<DeadLetters, "park" | "remove"> {
  readonly letters: readonly ModelLetter[];
  park(events: Parameters<DeadLetters["park"]>[0]): void;
  remove(ids: readonly string[]): void;
  has(id: string): boolean;
  /** Ids of those that are gone because a person did not want them. */
  readonly discarded: ReadonlySet<string>;
}

export function createModelDeadLetters(journal: Journal): ModelDeadLetters {
  let letters: ModelLetter[] = [];
  const discarded = new Set<string>();
  return {
    get letters() {
      return letters;
    },
    discarded,
    has: (id) => letters.some(({ event }) => event.id === id),
    parkedKeys: async () => new Set(letters.map(({ event }) => orderingKey(event))),
    ids: async () => letters.map(({ event }) => event.id),
    park(events) {
      for (const { event, refusal } of events) {
        journal.note(`parked ${event.position} ${refusal?.reason ?? "behind"}`);
        const known = letters.find(({ event: { id } }) => id === event.id);
        if (!known) letters.push({ event, isRefused: refusal !== undefined, request: undefined });
        else if (refusal) Object.assign(known, { isRefused: true, request: undefined });
      }
    },
    async releasableKeys() {
      const oldest = new Map<string, ModelLetter>();
      for (const letter of letters) {
        const key = orderingKey(letter.event);
        if (!oldest.has(key)) oldest.set(key, letter);
      }
      return [...oldest].filter(([, { isRefused, request }]) => !isRefused || request).map(([key]) => key);
    },
    async ofKey(key, limits) {
      const all = letters.filter(({ event }) => orderingKey(event) === key);
      const events = all.map(({ event }) => event);
      return all.slice(0, batchEnd(events, 0, limits)).map((letter) => ({ ...letter }));
    },
    remove(ids) {
      const gone = new Set(ids);
      for (const { event, request } of letters) {
        if (!gone.has(event.id)) continue;
        journal.note(`letter ${event.position} is removed (${request ?? "no request"})`);
        if (request === "discard") discarded.add(event.id);
      }
      letters = letters.filter(({ event }) => !gone.has(event.id));
    },
  };
}
