import { pino } from "pino";
import { expect, test } from "vitest";
import { createUuidSet } from "../domain/uuid-set.ts";
import { outboxEvent } from "../testing/events.ts";
import { silentObserver } from "../testing/silent-observer.ts";
import { createAlreadyPublished } from "./already-published.ts";
import { createCheckpointSaver } from "./checkpoint-saver.ts";
import { type DrainingBelowSlot, drainBelowSlot } from "./drain-below-slot.ts";
import type { Resumed } from "./leadership.ts";

const event = (transactionId: string) => outboxEvent({ transactionId, position: transactionId });

/** Drains that see these snapshots, one after the other, each with what has become visible since; returns what was delivered. */
async function drain(...seen: { readonly snapshot: string; readonly events: string[] }[]): Promise<string[]> {
  const log: string[] = [];
  const halt = new AbortController();
  const saver = createCheckpointSaver({
    checkpoints: { load: () => Promise.reject(), save: async () => {} },
    epoch: 1n,
    intervalMs: 0,
    loaded: {
      published: "1:1:",
      drain: undefined,
      publishedOffsets: {},
      confirmedLsn: 0n,
      confirmedOffsets: {},
    },
  });
  const deps: DrainingBelowSlot = {
    heartbeat: {
      async tick() {
        log.push("tick");
        return "1:1:";
      },
    },
    table: {
      async openDrain() {
        const next = seen.shift();
        if (!next) throw new Error("drained once more than expected");
        const pages = [next.events.map(event), []];
        return { snapshot: next.snapshot, read: async () => pages.shift() ?? [], close: async () => {} };
      },
    },
    pollIntervalMs: 1,
    observer: silentObserver,
    log: pino({ level: "silent" }),
    batch: { events: 10, bytes: 1_000_000 },
  };
  const resumed: Resumed = {
    epoch: 1n,
    saver,
    halt: halt.signal,
    abandon: halt.signal,
    alreadyPublished: createAlreadyPublished({
      ids: createUuidSet(),
      transactionIds: [],
      startOffsets: {},
      endOffsets: {},
      gaps: [],
    }),
    delivery: {
      deliver: async (events) => void log.push(...events.map(({ transactionId }) => transactionId)),
      release: async () => {},
      endOffsets: {},
    },
  };
  await drainBelowSlot(deps, resumed);
  return [...log, ...seen.map(() => "not drained")];
}

test("a transaction that was in progress at the first drain may be in the WAL already: it is waited for, and drained", async () => {
  const delivered = await drain(
    { snapshot: "7:10:7", events: ["8", "9"] },
    { snapshot: "7:12:7,11", events: ["10"] },
    { snapshot: "11:12:11", events: ["7"] },
  );
  // 11 has begun later: its commit record comes after the slot's position, and so through the stream.
  expect(delivered).toEqual(["tick", "8", "9", "10", "7"]);
});

test("with nothing in progress one drain is enough", async () => {
  expect(await drain({ snapshot: "10:10:", events: ["9"] })).toEqual(["tick", "9"]);
});

test("a transaction ends before the first drain, so that its snapshot names all older ones that are in progress", async () => {
  expect((await drain({ snapshot: "10:10:", events: [] }))[0]).toBe("tick");
});
