import { type DeadLetters, orderingKey, type ParkedEvent } from "../application/dead-letters.ts";
import { batchEnd } from "../application/event-queue.ts";

export interface MemoryDeadLetters extends DeadLetters {
  readonly rows: (ParkedEvent & { request?: "retry" | "discard" | undefined })[];
}

/** The contract of the table outbox_dead_letter, in memory. */
export function memoryDeadLetters(): MemoryDeadLetters {
  const rows: MemoryDeadLetters["rows"] = [];
  const keyOf = ({ event }: ParkedEvent) => orderingKey(event);
  return {
    rows,
    parkedKeys: async () => new Set(rows.map(keyOf)),
    ids: async () => rows.map(({ event }) => event.id),
    async park(events) {
      for (const parked of events) {
        const at = rows.findIndex(({ event }) => event.id === parked.event.id);
        if (at === -1) rows.push({ ...parked });
        else if (parked.refusal) rows[at] = { ...parked };
      }
    },
    async releasableKeys() {
      const oldest = new Map<string, MemoryDeadLetters["rows"][number]>();
      for (const row of rows) if (!oldest.has(keyOf(row))) oldest.set(keyOf(row), row);
      return [...oldest].filter(([, { refusal, request }]) => !refusal || request).map(([key]) => key);
    },
    async ofKey(key, limits) {
      const all = rows.filter((row) => keyOf(row) === key);
      const events = all.map(({ event }) => event);
      return all
        .slice(0, batchEnd(events, 0, limits))
        .map(({ event, refusal, request }) => ({ event, isRefused: refusal !== undefined, request }));
    },
    async remove(ids) {
      for (const id of ids) {
        const at = rows.findIndex(({ event }) => event.id === id);
        if (at !== -1) rows.splice(at, 1);
      }
    },
  };
}
