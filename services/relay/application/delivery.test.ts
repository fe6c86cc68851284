import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import type { Logger } from "../../platform/logger.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { createUuidSet } from "../domain/uuid-set.ts";
import { outboxEvent } from "../testing/events.ts";
import { type MemoryDeadLetters, memoryDeadLetters } from "../testing/memory-dead-letters.ts";
import { type ScriptedKafka, scriptedKafka } from "../testing/scripted-kafka.ts";
import { silentObserver } from "../testing/silent-observer.ts";
import { createAlreadyPublished } from "./already-published.ts";
import { type Delivery, openDelivery } from "./delivery.ts";
import { createBatchPublisher } from "./publish-batch.ts";

let kafka: ScriptedKafka;
let deadLetters: MemoryDeadLetters;
const noTopic = { reason: "no_topic", detail: "no topic" } as const;

beforeEach(() => {
  kafka = scriptedKafka();
  deadLetters = memoryDeadLetters();
});

/** A leader's delivery that found these events on Kafka at its start. */
function open(
  found: readonly OutboxEvent[] = [],
  isCovered = () => true,
  log: Logger = pino({ level: "silent" }),
): Promise<Delivery> {
  const ids = createUuidSet();
  for (const { id } of found) ids.add(id);
  const { publisher, tail } = kafka;
  return openDelivery({
    batches: createBatchPublisher({ publisher, tail, endOffsets: {}, observer: silentObserver, log }),
    publisher,
    deadLetters,
    alreadyPublished: createAlreadyPublished({
      ids,
      transactionIds: [],
      startOffsets: {},
      endOffsets: {},
      gaps: [],
    }),
    isCovered,
    batch: { events: 10, bytes: 1_000 },
    epoch: 1n,
    abandon: new AbortController().signal,
    observer: silentObserver,
    log,
  });
}

const [a1, a2, a3, b1, b2] = ["a", "a", "a", "b", "b"].map((keyText) => outboxEvent({ keyText })) as [
  OutboxEvent,
  OutboxEvent,
  OutboxEvent,
  OutboxEvent,
  OutboxEvent,
];
const ids = (...events: OutboxEvent[]) => events.map(({ id }) => id);
const parked = () => deadLetters.rows.map(({ event }) => event.id);

function request(event: OutboxEvent, wish: "retry" | "discard"): void {
  const row = deadLetters.rows.find(({ event: { id } }) => id === event.id);
  if (!row) throw new Error("not parked");
  row.request = wish;
}

test("an event that can never be sent is parked with its reason, later ones of its key behind it, others flow", async () => {
  kafka.refusals.set(a1.id, noTopic);
  await (await open()).deliver([a1, b1, a2, b2]);
  expect(kafka.written).toEqual(ids(b1, b2));
  expect(deadLetters.rows).toMatchObject([
    { event: a1, refusal: noTopic },
    { event: a2, refusal: undefined },
  ]);
});

test("so is one that only the broker knows to refuse", async () => {
  kafka.poison.add(a2.id);
  await (await open()).deliver([a1, b1, a2, a3, b2]);
  expect(new Set(kafka.written)).toEqual(new Set(ids(a1, b1, b2)));
  expect(parked()).toEqual(ids(a2, a3));
});

test("the line of a dead letter in the log has the id of the trace that wrote it", async () => {
  const lines: unknown[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const traced = outboxEvent({
    headers: '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}',
  });
  kafka.refusals.set(traced.id, noTopic);
  await (await open([], () => true, log)).deliver([traced]);
  expect(lines).toMatchObject([{ id: traced.id, trace_id: "0af7651916cd43dd8448eb211c80319c" }]);
});

test("a key waits also after a restart, and an event that comes again is not put down twice", async () => {
  kafka.refusals.set(a1.id, noTopic);
  await (await open()).deliver([a1, a2]);
  await (await open()).deliver([a1, a2, a3]);
  expect(kafka.written).toEqual([]);
  expect(parked()).toEqual(ids(a1, a2, a3));
});

test("retried once it can be sent, it comes with all that waits behind it, in order, and the key flows again", async () => {
  kafka.refusals.set(a1.id, noTopic);
  const delivery = await open();
  await delivery.deliver([a1, a2]);
  await delivery.release();
  expect(parked()).toEqual(ids(a1, a2));
  kafka.refusals.clear();
  request(a1, "retry");
  await delivery.release();
  await delivery.deliver([a3]);
  expect(kafka.written).toEqual(ids(a1, a2, a3));
  expect(parked()).toEqual([]);
});

test("retried in vain it stays, and nothing of its key is sent", async () => {
  kafka.poison.add(a1.id);
  const delivery = await open();
  await delivery.deliver([a1, a2]);
  request(a1, "retry");
  await delivery.release();
  expect(kafka.written).toEqual([]);
  expect(deadLetters.rows.map(({ request }) => request)).toEqual([undefined, undefined]);
  expect(parked()).toEqual(ids(a1, a2));
});

test("what waited behind a released letter may be refused itself: then the rest waits behind that one", async () => {
  kafka.refusals.set(a1.id, noTopic);
  kafka.poison.add(a2.id);
  const delivery = await open();
  await delivery.deliver([a1, a2, a3]);
  request(a1, "discard");
  await delivery.release();
  expect(kafka.written).toEqual([]);
  expect(deadLetters.rows).toMatchObject([{ event: a2, refusal: { reason: "too_large" } }, { event: a3 }]);
});

test("discarded, it never comes, and what waits behind it does", async () => {
  kafka.refusals.set(a1.id, noTopic);
  const delivery = await open();
  await delivery.deliver([a1, a2, a3]);
  request(a1, "discard");
  await delivery.release();
  expect(kafka.written).toEqual(ids(a2, a3));
  expect(parked()).toEqual([]);
});

test("events that were found on Kafka are not sent again", async () => {
  const delivery = await open([a1, b1]);
  await delivery.deliver([a1, a2, b1, b2]);
  expect(kafka.written).toEqual(ids(a2, b2));
});

test("a letter that was published just before the leader died is not published again, from wherever it comes", async () => {
  kafka.refusals.set(a1.id, noTopic);
  await (await open()).deliver([a1, a2]);
  kafka.refusals.clear();
  request(a1, "retry");
  // Published, but the removal of the rows was never reached; the stream brings both again as well.
  const next = await open([a1, a2]);
  await next.deliver([a1, a2, a3]);
  await next.release();
  expect(kafka.written).toEqual(ids(a3));
  expect(parked()).toEqual([]);
});

test("what cannot be sent is parked when all that comes before it is on Kafka, not earlier", async () => {
  kafka.refusals.set(a2.id, noTopic);
  const { park } = deadLetters;
  deadLetters.park = () => Promise.reject(new Error("the leader dies"));
  await expect((await open()).deliver([a1, a2])).rejects.toThrow("the leader dies");
  expect(kafka.written).toEqual(ids(a1));
  deadLetters.park = park;
  // Were a2 parked alone, the next leader would park a1 behind it.
  await (await open([a1])).deliver([a1, a2]);
  expect(parked()).toEqual(ids(a2));
});

test("a letter is not released while a source could bring it again", async () => {
  let covered = false;
  const delivery = await open([], () => covered);
  kafka.refusals.set(a1.id, noTopic);
  await delivery.deliver([a1, a2]);
  kafka.refusals.clear();
  request(a1, "retry");
  await delivery.release();
  // The stream was lost before the checkpoint had them.
  await delivery.deliver([a1, a2]);
  expect(kafka.written).toEqual([]);
  covered = true;
  await delivery.release();
  expect(kafka.written).toEqual(ids(a1, a2));
});

test("many letters, and large ones, are released batch by batch; an end between two leaves the rest where it is", async () => {
  const halt = new AbortController();
  const many = Array.from({ length: 25 }, () => outboxEvent({ keyText: "a", bytes: 1 }));
  const large = Array.from({ length: 3 }, () => outboxEvent({ keyText: "a", bytes: 600 }));
  const [first] = many as [OutboxEvent];
  kafka.refusals.set(first.id, noTopic);
  const delivery = await open();
  await delivery.deliver([...many, ...large]);
  kafka.refusals.clear();
  request(first, "retry");
  halt.abort();
  await delivery.release(halt.signal);
  expect(parked()).toHaveLength(28);
  await delivery.release();
  // 10, 10, 5 and a large one, and the other two.
  expect(kafka.sent()).toBe(5);
  expect(kafka.written).toEqual(ids(...many, ...large));
  expect(parked()).toEqual([]);
});

test("a released letter that cannot be removed is not sent again, and the next start would find it on Kafka", async () => {
  const delivery = await open();
  kafka.refusals.set(a1.id, noTopic);
  await delivery.deliver([a1, b1]);
  kafka.refusals.clear();
  request(a1, "retry");
  const { remove } = deadLetters;
  deadLetters.remove = () => Promise.reject(new Error("connection lost"));
  const before = delivery.endOffsets;
  await expect(delivery.release()).rejects.toThrow("connection lost");
  await delivery.deliver([b2]);
  expect(delivery.endOffsets).toEqual(before);
  deadLetters.remove = remove;
  await delivery.release();
  expect(kafka.written).toEqual(ids(b1, a1, b2));
  expect(parked()).toEqual([]);
  expect(delivery.endOffsets).not.toEqual(before);
});

test("one batch at a time is on its way, released dead letters among them: a client that sends two at once reorders them", async () => {
  kafka.refusals.set(a1.id, noTopic);
  const { publish } = kafka.publisher;
  let inFlight = 0;
  let most = 0;
  kafka = {
    ...kafka,
    publisher: {
      ...kafka.publisher,
      async publish(events) {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight -= 1;
        return publish(events);
      },
    },
  };
  const delivery = await open();
  await delivery.deliver([a1, a2]);
  kafka.refusals.clear();
  request(a1, "retry");
  await Promise.all([
    delivery.deliver([b1]),
    delivery.release(),
    delivery.deliver([b2]),
    delivery.deliver([a3]),
  ]);
  expect(most).toBe(1);
  expect(kafka.written.filter((id) => ids(b1, b2).includes(id))).toEqual(ids(b1, b2));
  await delivery.release();
  expect(kafka.written.filter((id) => ids(a1, a2, a3).includes(id))).toEqual(ids(a1, a2, a3));
});
