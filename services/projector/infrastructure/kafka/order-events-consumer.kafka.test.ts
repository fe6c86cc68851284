import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { createTopic, kafkaBrokers, produceRaw, uniqueTopic } from "../../../../test/support/kafka.ts";
import { createKafka } from "../../../platform/kafka/kafka-client.ts";
import { createConsumerLag } from "./consumer-lag.ts";
import { createGroupMembership } from "./group-membership.ts";
import { consumeOrderEvents, type OrderEventsConsumerOptions } from "./order-events-consumer.ts";

const log = pino({ level: "silent" });

/** Consumes a topic of one partition until the test ends. */
async function consume(
  options: Pick<OrderEventsConsumerOptions, "eachBatch"> & Partial<OrderEventsConsumerOptions>,
) {
  const topic = uniqueTopic("consumer");
  await createTopic({ topic, partitions: 1 });
  const stop = new AbortController();
  const membership = createGroupMembership();
  const consuming = consumeOrderEvents(
    {
      createKafka: () =>
        createKafka({
          brokers: kafkaBrokers(),
          clientId: "test",
          security: {},
          log,
          retry: { retries: 2, initialRetryTime: 50 },
        }),
      prepare: async () => {},
      topic,
      consumer: { groupId: randomUUID(), sessionTimeout: 6_000, heartbeatInterval: 1_000 },
      concurrency: 1,
      membership,
      lag: createConsumerLag(topic),
      log,
      ...options,
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await consuming;
  });
  return { topic, membership };
}

test("a consumer that crashed for good is replaced, and the records that it had not resolved come again", async () => {
  const seen: string[] = [];
  let crashes = 0;
  const { topic, membership } = await consume({
    eachBatch: async ({ batch, resolveOffset }) => {
      // kafkajs restarts nothing after a TypeError.
      if (crashes++ < 2) throw new TypeError("planted");
      for (const { value, offset } of batch.messages) {
        seen.push(String(value));
        resolveOffset(offset);
      }
    },
  });
  await produceRaw(topic, [
    { key: "k", value: "a" },
    { key: "k", value: "b" },
  ]);
  await eventually(() => expect(seen).toEqual(["a", "b"]), { timeoutMs: 20_000 });
  expect(crashes).toBe(3);
  expect(membership.notReady()).toBeUndefined();
});

test("while topics cannot be prepared it is not ready, says why, and tries again", async () => {
  let tries = 0;
  let firstReason: string | undefined;
  const { membership } = await consume({
    eachBatch: async () => {},
    prepare: async () => {
      if (tries++ > 0) firstReason ??= membership.notReady();
      if (tries < 3) throw new Error("topic x is missing and cannot be made");
    },
  });
  expect(membership.notReady()).toBeDefined();
  await eventually(() => expect(membership.notReady()).toBeUndefined(), { timeoutMs: 15_000 });
  expect(firstReason).toBe("the consumer failed: topic x is missing and cannot be made");
});
