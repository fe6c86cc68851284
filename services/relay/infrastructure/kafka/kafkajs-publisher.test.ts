import type { Producer, ProducerBatch } from "kafkajs";
import { expect, test } from "vitest";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { createKafkajsPublisher } from "./kafkajs-publisher.ts";

const event = (key: string, aggregateType = "order"): OutboxEvent => ({
  position: "1",
  id: key,
  transactionId: "1",
  aggregateType,
  key: Buffer.from(key),
  aggregateVersion: "1",
  eventType: "OrderCreated",
  payload: Buffer.from("{}"),
  headers: "{}",
  createdAt: "2026-11-24 08:00:00+00",
  bytes: 1,
});

/** Producers whose every `sendBatch` does the next thing of the script: ack, or reject after the broker may have appended. */
function scripted(script: ("ack" | "reject" | "acked before" | "refuse" | "hang")[], topicExists = true) {
  const log: string[] = [];
  let made = 0;
  const createProducer = () => {
    made += 1;
    const name = `producer ${made}`;
    return {
      connect: async () => void log.push(`${name} connects`),
      disconnect: async () => void log.push(`${name} disconnects`),
      async sendBatch({ topicMessages = [] }: ProducerBatch) {
        const keys = topicMessages.flatMap(({ messages }) => messages.map(({ key }) => String(key)));
        log.push(`${name} sends ${keys}`);
        const step = script.shift();
        if (step === "reject") throw new Error("planted");
        if (step === "refuse") throw Object.assign(new Error("no"), { cause: { type: "MESSAGE_TOO_LARGE" } });
        if (step === "hang") await new Promise(() => {});
        return topicMessages.flatMap(({ topic, messages }) =>
          [...new Set(messages.map(({ partition }) => partition))].map((partition) => ({
            topicName: topic,
            partition,
            errorCode: 0,
            baseOffset: step === "acked before" ? "-1" : "40",
          })),
        );
      },
    } as unknown as Producer;
  };
  const publisher = createKafkajsPublisher(
    {
      topics: new Map([
        ["order", "orders-events"],
        ["parcel", "parcels-events"],
      ]),
      ensureTopic: async () => 1,
      topicExists: async () => topicExists,
      missingTopicCheckMs: 5,
      maxEventBytes: 1_000,
      source: "/orders",
    },
    createProducer,
  );
  return { publisher, log };
}

test("after a rejection the producer is thrown away, and a new one sends the same events again", async () => {
  const { publisher, log } = scripted(["reject", "ack"]);
  const events = [event("a"), event("b")];
  await expect(publisher.publish(events)).rejects.toThrow("planted");
  await publisher.publish(events);
  expect(log).toEqual([
    "producer 1 connects",
    "producer 1 sends a,b",
    "producer 1 disconnects",
    "producer 2 connects",
    "producer 2 sends a,b",
  ]);
});

test("the end offsets count this batch's records in each topic and partition", async () => {
  const { publisher } = scripted(["ack"]);
  const offsets = await publisher.publish([event("a"), event("b"), event("p", "parcel")]);
  expect(offsets).toEqual({ "orders-events": { "0": "42" }, "parcels-events": { "0": "41" } });
});

test("an offset that the broker does not tell is left out, not guessed", async () => {
  const { publisher } = scripted(["acked before"]);
  expect(await publisher.publish([event("a")])).toEqual({});
});

test("an event without a topic, or too large for any broker, is refused before it is sent, with the setting to change", () => {
  const { publisher, log } = scripted([]);
  expect(publisher.refusal(event("x", "invoice"))).toMatchObject({
    reason: "no_topic",
    detail: expect.stringMatching(/"invoice".*RELAY_TOPICS/),
  });
  expect(publisher.refusal({ ...event("x"), bytes: 1_001 })).toMatchObject({
    reason: "too_large",
    detail: expect.stringMatching(/1001.*RELAY_MAX_EVENT_BYTES/),
  });
  expect(publisher.refusal(event("x"))).toBeUndefined();
  expect(log).toEqual([]);
});

test("what the broker says it will never take is told apart from what may pass", async () => {
  const { publisher } = scripted(["refuse"]);
  await expect(publisher.publish([event("a")])).rejects.toMatchObject({
    code: "RECORD_REFUSED",
    message: "MESSAGE_TOO_LARGE",
  });
});

test("a topic that was deleted ends the wait for an ack that would never come", async () => {
  const { publisher, log } = scripted(["hang"], false);
  await expect(publisher.publish([event("a")])).rejects.toMatchObject({ code: "TOPIC_MISSING" });
  expect(log.at(-1)).toBe("producer 1 disconnects");
});
