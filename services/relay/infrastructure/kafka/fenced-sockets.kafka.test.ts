import kafkajs from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { createTopic, kafkaBrokers, readToEnd, uniqueTopic } from "../../../../test/support/kafka.ts";
import { fencedSockets } from "./fenced-sockets.ts";

test("while the fence is closed nothing reaches the broker, and once open again the same batch lands once", async () => {
  const topic = uniqueTopic("fenced");
  await createTopic({ topic, partitions: 1 });
  let mayWrite = true;
  let refused = 0;
  const kafka = new kafkajs.Kafka({
    brokers: kafkaBrokers(),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 10, maxRetryTime: 50 },
    socketFactory: fencedSockets(() => {
      if (!mayWrite) refused += 1;
      return mayWrite;
    }),
  });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  onTestFinished(() => producer.disconnect());
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value: "before" }] });

  mayWrite = false;
  const sending = producer.send({ topic, acks: -1, messages: [{ value: "after" }] });
  await eventually(() => expect(refused).toBeGreaterThan(3));
  expect((await readToEnd(topic)).map(({ value }) => String(value))).toEqual(["before"]);
  mayWrite = true;
  await sending;
  expect((await readToEnd(topic)).map(({ value }) => String(value))).toEqual(["before", "after"]);
});
