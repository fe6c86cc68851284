import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { orderingKey } from "../../application/dead-letters.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { outboxEvent } from "../../testing/events.ts";
import { createDeadLetterRepository } from "./dead-letter-repository.ts";

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.relayUrl });
  await pool.query("insert into relay_checkpoint (relay, epoch) values ('orders', 3)");
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const refusal = { reason: "no_topic", detail: "no topic" } as const;
const letters = () => createDeadLetterRepository(pool, "orders");

async function park(events: readonly OutboxEvent[]): Promise<void> {
  const parked = events.map((event, i) => ({ event, refusal: i === 0 ? refusal : undefined }));
  await letters().park(parked, 3n);
}

function eventsOf(keyText: string, payloads: readonly string[]): OutboxEvent[] {
  return payloads.map((payload) => outboxEvent({ keyText, payload: Buffer.from(payload) }));
}

async function read(keyText: string, limits: { events: number; bytes: number }): Promise<string[]> {
  const key = orderingKey(outboxEvent({ keyText }));
  return (await letters().ofKey(key, limits)).map(({ event }) => event.id);
}

test("letters of a key come in the order in which they were parked, up to the number asked for", async () => {
  const events = eventsOf("many", ["{}", "{}", "{}", "{}"]);
  const ids = events.map(({ id }) => id);
  await park(events);
  expect(await read("many", { events: 10, bytes: 1_000_000 })).toEqual(ids);
  expect(await read("many", { events: 3, bytes: 1_000_000 })).toEqual(ids.slice(0, 3));
});

test("as many come as fit into the bytes, counted as in memory, and one that does not fit comes alone", async () => {
  const large = `{"pad": "${"ä".repeat(1_000)}"}`;
  const events = eventsOf("large", [large, large, large]);
  const ids = events.map(({ id }) => id);
  await park(events);
  const [first] = await letters().ofKey(orderingKey(events[0] as OutboxEvent), { events: 1, bytes: 1 });
  const bytes = first?.event.bytes ?? 0;
  expect(bytes).toBeGreaterThan(2_000);
  expect(await read("large", { events: 10, bytes: 1 })).toEqual(ids.slice(0, 1));
  expect(await read("large", { events: 10, bytes: 2 * bytes - 1 })).toEqual(ids.slice(0, 1));
  expect(await read("large", { events: 10, bytes: 2 * bytes })).toEqual(ids.slice(0, 2));
});

test("an event comes out as it went in, byte for byte", async () => {
  const event = outboxEvent({
    keyText: "exact \n ключ",
    position: "9007199254740993",
    transactionId: "9007199254740995",
    aggregateVersion: "9007199254740997",
    payload: Buffer.from('{"n": 12345678901234567890.10, "ü": "\\n"}'),
    headers: '{"traceparent": "00-1"}',
    createdAt: "2026-11-24 08:00:00.123456+00",
  });
  await park([event]);
  const [letter] = await letters().ofKey(orderingKey(event), { events: 1, bytes: 1 });
  expect(letter).toMatchObject({ event: { ...event, bytes: expect.any(Number) }, isRefused: true });
});

test("a leader that has been replaced changes nothing", async () => {
  const [event] = eventsOf("late", ["{}"]) as [OutboxEvent];
  await expect(letters().park([{ event, refusal }], 2n)).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await read("late", { events: 1, bytes: 1 })).toEqual([]);
  await park([event]);
  await expect(letters().remove([event.id], 2n)).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await read("late", { events: 1, bytes: 1 })).toEqual([event.id]);
});

test("a key can be released once its oldest letter was asked for or waits behind nothing", async () => {
  const [refused, waits] = eventsOf("free", ["{}", "{}"]) as [OutboxEvent, OutboxEvent];
  await park([refused, waits]);
  const releasable = async () => (await letters().releasableKeys()).includes(orderingKey(refused));
  expect(await releasable()).toBe(false);
  await pool.query("update outbox_dead_letter set request = 'retry' where id = $1", [refused.id]);
  expect(await releasable()).toBe(true);
  // Refused again: the request is used up.
  await letters().park([{ event: refused, refusal }], 3n);
  expect(await releasable()).toBe(false);
  await letters().remove([refused.id], 3n);
  expect(await releasable()).toBe(true);
  await letters().remove([waits.id], 3n);
  expect(await releasable()).toBe(false);
});
