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
function scripted(script: ("ack" | "reject" | "acked before")[]) {
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
  const publisher = createKafkajsPublisher({
    createProducer,
    topics: new Map([
      ["order", "orders-events"],
      ["parcel", "parcels-events"],
    ]),
    ensureTopic: async () => 1,
    source: "/orders",
  });
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

test("an event without a topic is refused by its aggregate_type, with the setting to change", async () => {
  const { publisher, log } = scripted([]);
  await expect(publisher.publish([event("a"), event("x", "invoice")])).rejects.toMatchObject({
    code: "UNROUTABLE_EVENT",
    message: /"invoice".*RELAY_TOPICS/,
  });
  expect(log).toEqual(["producer 1 connects"]);
});
