import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { outboxEvent } from "../testing/events.ts";
import { type Fault, type ScriptedKafka, scriptedKafka } from "../testing/scripted-kafka.ts";
import { silentObserver } from "../testing/silent-observer.ts";
import { createBatchPublisher } from "./publish-batch.ts";

const never = new AbortController().signal;

function batchPublisher({ publisher, tail }: Pick<ScriptedKafka, "publisher" | "tail">) {
  return createBatchPublisher({
    publisher,
    tail,
    endOffsets: { orders: { "0": "0" } },
    observer: silentObserver,
    log: pino({ level: "silent" }),
    backoff: { next: () => 0, reset: () => {} },
  });
}

test("whatever becomes of the answers, each event is on the topic once, in order", async () => {
  const faults = fc.array(fc.constantFrom<Fault>("ack", "reject", "answer lost", "half written"), {
    maxLength: 12,
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(faults, sizes, async (script, batches) => {
      const kafka = scriptedKafka([...script]);
      const publisher = batchPublisher(kafka);
      const expected: string[] = [];
      for (const size of batches) {
        const events = Array.from({ length: size }, () => outboxEvent());
        expected.push(...events.map(({ id }) => id));
        expect(await publisher.publish(events, never)).toEqual({});
      }
      expect(kafka.written).toEqual(expected);
      expect(publisher.endOffsets).toEqual({ orders: { "0": String(expected.length) } });
    }),
  );
});

test("of a batch that the broker refuses, the culprit is found, all before it is published and nothing after it", async () => {
  const index = fc.nat({ max: 19 });
  await fc.assert(
    fc.asyncProperty(index, fc.integer({ min: 1, max: 20 }), async (at, length) => {
      fc.pre(at < length);
      const events = Array.from({ length }, () => outboxEvent());
      const kafka = scriptedKafka();
      const culprit = events[at];
      kafka.poison.add(culprit?.id ?? "");
      const result = await batchPublisher(kafka).publish(events, never);
      expect(result).toMatchObject({ refused: culprit, detail: "MESSAGE_TOO_LARGE" });
      const written = new Set(kafka.written);
      for (const before of events.slice(0, at)) expect(written.has(before.id)).toBe(true);
      expect(result.refused && result.rest.every(({ id }) => !written.has(id))).toBe(true);
      expect(written.size + 1 + (result.refused ? result.rest.length : 0)).toBe(length);
    }),
  );
});

test("a publication that nobody may wait for any longer ends with the reason, though the broker never answers", async () => {
  const kafka = scriptedKafka();
  const hanging = { ...kafka.publisher, publish: () => new Promise<never>(() => {}) };
  const abandon = new AbortController();
  const publishing = batchPublisher({ ...kafka, publisher: hanging }).publish(
    [outboxEvent()],
    abandon.signal,
  );
  abandon.abort(new Error("the lease is lost"));
  await expect(publishing).rejects.toThrow("the lease is lost");
});

test("while the topic cannot be read nothing is sent again", async () => {
  const kafka = scriptedKafka(["answer lost"]);
  let failures = 3;
  const tail: typeof kafka.tail = {
    read(...args) {
      if (failures-- > 0) return Promise.reject(new Error("no broker"));
      return kafka.tail.read(...args);
    },
  };
  await batchPublisher({ ...kafka, tail }).publish([outboxEvent()], never);
  expect(kafka.written).toHaveLength(1);
  expect(kafka.sent()).toBe(1);
});
