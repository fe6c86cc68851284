import { expect, test } from "vitest";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { outboxEvent } from "../../testing/events.ts";
import type { Publisher } from "../publisher.ts";
import type { ReplayDesk } from "./replay-desk.ts";
import { replayEvents } from "./replay-events.ts";

const selection = { key: undefined, from: undefined, to: undefined, types: [], afterPosition: "0" };

/** Replays ten events in batches of three; `publish` stands for the broker. */
async function replayTen(
  publish: (events: readonly OutboxEvent[]) => Promise<void>,
  options: {
    readonly rate?: number;
    readonly refused?: string;
    readonly stop?: AbortSignal;
    readonly ackTimeoutMs?: number;
  } = {},
) {
  const events = Array.from({ length: 10 }, (_, i) => outboxEvent({ position: `${i + 1}` }));
  let clock = 0;
  let discarded = 0;
  const publisher: Publisher = {
    refusal: ({ position }) =>
      position === options.refused ? { reason: "no_topic", detail: "no topic for it" } : undefined,
    async publish(batch) {
      await publish(batch);
      return {};
    },
    discard: async () => void discarded++,
  };
  const desk: ReplayDesk = {
    find: () => expect.unreachable(),
    note: () => expect.unreachable(),
    openPublisher: async () => publisher,
    read: async ({ afterPosition }, _, limit) =>
      events.filter(({ position }) => BigInt(position) > BigInt(afterPosition)).slice(0, Math.min(limit, 5)),
  };
  const result = await replayEvents(desk, {
    id: "replay-1",
    selection,
    published: "9:9:",
    rate: options.rate,
    batch: { events: 3, bytes: 1_000_000 },
    stop: options.stop ?? new AbortController().signal,
    ackTimeoutMs: options.ackTimeoutMs ?? 60_000,
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
    onProgress: () => {},
  });
  return { ...result, clock, discarded };
}

test("all of it is sent in the order of the outbox, marked, in batches, and the producer is let go", async () => {
  const sent: string[][] = [];
  const result = await replayTen(async (batch) => {
    for (const event of batch) expect(event.replay).toBe("replay-1");
    sent.push(batch.map(({ position }) => position));
  });
  expect(sent).toEqual([
    ["1", "2", "3"],
    ["4", "5"],
    ["6", "7", "8"],
    ["9", "10"],
  ]);
  expect(result).toMatchObject({ events: 10, position: "10", failure: undefined, discarded: 1 });
});

test("a batch that fails ends it behind the last one that was acked", async () => {
  let batches = 0;
  const result = await replayTen(async () => {
    batches += 1;
    if (batches === 3) throw new Error("the broker is away");
  });
  expect(result).toMatchObject({ events: 5, position: "5", discarded: 1 });
  expect(result.failure?.message).toBe("the broker is away");
});

test("a broker that never acks ends it", async () => {
  const result = await replayTen(() => new Promise(() => {}), { ackTimeoutMs: 10 });
  expect(result).toMatchObject({ events: 0, position: "0", discarded: 1 });
  expect(result.failure?.message).toMatch(/has not acked within 0.01 s/);
});

test("an event that cannot be sent is named, and nothing of its batch is sent", async () => {
  const result = await replayTen(async () => {}, { refused: "4" });
  expect(result).toMatchObject({ events: 3, position: "3" });
  expect(result.failure?.message).toMatch(/no topic for it/);
});

test("it keeps to its rate", async () => {
  expect((await replayTen(async () => {}, { rate: 2 })).clock).toBe(5_000);
});

test("an interruption ends it between two batches", async () => {
  const stop = new AbortController();
  const result = await replayTen(async () => stop.abort(), { stop: stop.signal });
  expect(result).toMatchObject({ events: 3, position: "3" });
  expect(result.failure?.message).toBe("it was interrupted");
});
