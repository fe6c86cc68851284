import { describe, expect, test, vi } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { createTopic, readToEnd, readTopic, uniqueTopic } from "../../../../test/support/kafka.ts";
import { withAdmin } from "../../../../test/support/kafka-client.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { outboxEvent } from "../../testing/events.ts";
import { openPublisher, producersOf, publishingClients } from "../../testing/publisher-under-test.ts";
import { setTopic } from "../../testing/topic-settings.ts";
import { partitionOf } from "./partition-of.ts";

/** `count` events of each key, taken in turns. */
function eventsOf(keys: readonly string[], count: number, more: Partial<OutboxEvent> = {}): OutboxEvent[] {
  return Array.from({ length: count }, () => keys.map((keyText) => outboxEvent({ keyText, ...more }))).flat();
}

const idsOf = (events: readonly OutboxEvent[], key: string) =>
  events.filter((event) => String(event.key) === key).map(({ id }) => id);

describe.each(publishingClients)("%s", (client) => {
  test("records arrive byte for byte, with their headers, in the partition that Kafka's own clients would choose", async () => {
    const topic = uniqueTopic("contract");
    const publisher = await openPublisher({ client, topic, partitions: 5 });
    // On both sides of the lengths at which a length takes another byte.
    const sizes = [0, 1, 63, 64, 8_191, 8_192, 70_000, 600_000];
    const events = sizes.map((size, i) =>
      outboxEvent({
        keyText: ["", "k", "ключ", "東京", "🎁", "k".repeat(63), "k".repeat(64), "ю".repeat(9_000)][
          i
        ] as string,
        payload: Buffer.alloc(size, `{"ü${i}": 9007199254740993}`),
        headers: JSON.stringify({ empty: "", имя: "значение", long: "ü".repeat(size / 10), n: i }),
        aggregateVersion: "9007199254740993",
        createdAt: "2026-11-24 08:00:00.123456+00",
      }),
    );
    await publisher.publish(events);
    const records = await readTopic(topic, { count: events.length });
    for (const [i, event] of events.entries()) {
      const record = records.find(({ headers }) => headers.ce_id === event.id);
      expect(record?.value.equals(event.payload)).toBe(true);
      expect(record).toMatchObject({ key: String(event.key), partition: partitionOf(event.key, 5) });
      expect(record?.headers).toEqual({
        empty: "",
        имя: "значение",
        long: "ü".repeat((sizes[i] as number) / 10),
        n: String(i),
        ce_specversion: "1.0",
        ce_id: event.id,
        ce_source: "/orders",
        ce_type: "OrderCreated",
        ce_subject: String(event.key),
        ce_time: "2026-11-24T08:00:00.123456Z",
        ce_aggregatetype: "order",
        ce_aggregateversion: "9007199254740993",
        ce_transactionid: "1",
        "content-type": "application/json",
      });
    }
  });

  test("each key keeps its order within a batch and from batch to batch, also over several topics in one batch", async () => {
    const [orders, parcels] = [uniqueTopic("orders"), uniqueTopic("parcels")];
    const publisher = await openPublisher({ client, topic: orders, more: { parcel: parcels } });
    const keys = Array.from({ length: 7 }, (_, i) => `key-${i}`);
    const published: OutboxEvent[] = [];
    for (let i = 0; i < 20; i++) {
      const batch = eventsOf(keys, 10).map((event, at) =>
        at % 3 === 0 ? { ...event, aggregateType: "parcel" } : event,
      );
      published.push(...batch);
      await publisher.publish(batch);
    }
    for (const [topic, type] of [
      [orders, "order"],
      [parcels, "parcel"],
    ] as const) {
      const expected = published.filter(({ aggregateType }) => aggregateType === type);
      const records = await readToEnd(topic);
      expect(records).toHaveLength(expected.length);
      for (const key of keys) {
        const ids = records.filter((record) => record.key === key).map(({ headers }) => headers.ce_id);
        expect(ids).toEqual(idsOf(expected, key));
      }
    }
  });

  test("the offsets are those after the batch's last record in each partition, and of no other partition", async () => {
    const topic = uniqueTopic("offsets");
    const publisher = await openPublisher({ client, topic });
    await publisher.publish(eventsOf(["a", "b", "c", "d", "e"], 4));
    const offsets = await publisher.publish(eventsOf(["a"], 3));
    const partition = partitionOf(Buffer.from("a"), 3);
    const records = (await readToEnd(topic)).filter((record) => record.partition === partition);
    expect(offsets).toEqual({ [topic]: { [partition]: String(records.length) } });
  });

  test.each([
    ["MESSAGE_TOO_LARGE", "of more bytes than the topic takes"],
    ["INVALID_TIMESTAMP", "older than the topic takes"],
  ])(
    "what the broker will never take is refused (%s: %s), and afterwards another producer writes",
    async (reason) => {
      const topic = uniqueTopic("refused");
      await createTopic({ topic, partitions: 1 });
      await setTopic(topic, { "max.message.bytes": "20000", "message.timestamp.before.max.ms": "86400000" });
      const publisher = await openPublisher({ client, topic });
      const before = outboxEvent();
      await publisher.publish([before]);

      if (reason === "INVALID_TIMESTAMP") {
        const now = Date.now();
        vi.spyOn(Date, "now").mockImplementation(() => now - 172_800_000);
      }
      const payload = Buffer.alloc(reason === "MESSAGE_TOO_LARGE" ? 30_000 : 10, "x");
      const refused = publisher.publish([outboxEvent(), outboxEvent({ payload })]);
      await expect(refused).rejects.toMatchObject({ code: "RECORD_REFUSED", message: reason });
      vi.restoreAllMocks();

      const after = outboxEvent();
      await publisher.publish([after]);
      expect((await readToEnd(topic)).map(({ headers }) => headers.ce_id)).toEqual([before.id, after.id]);
      expect(await producersOf(topic, 0)).toHaveLength(2);
    },
  );

  test("a topic that somebody deletes ends the waiting, and the next batch makes it anew", async () => {
    const topic = uniqueTopic("deleted");
    const publisher = await openPublisher({ client, topic });
    await publisher.publish([outboxEvent()]);
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    // For a moment the broker may still take records, which go with the topic.
    await eventually(
      async () => {
        const failure: unknown = await publisher.publish([outboxEvent()]).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: "TOPIC_MISSING" });
      },
      { timeoutMs: 10_000 },
    );
    const event = outboxEvent();
    await publisher.publish([event]);
    expect((await readToEnd(topic)).map(({ headers }) => headers.ce_id)).toEqual([event.id]);
  });

  test("while the fence is closed nothing reaches the broker, and once open again the same batch lands once", async () => {
    const topic = uniqueTopic("fenced");
    let mayWrite = true;
    let refused = 0;
    const publisher = await openPublisher({
      client,
      topic,
      mayWrite() {
        if (!mayWrite) refused += 1;
        return mayWrite;
      },
    });
    const [before, after] = [outboxEvent(), outboxEvent()];
    await publisher.publish([before]);
    mayWrite = false;
    const publishing = publisher.publish([after]);
    await eventually(() => expect(refused).toBeGreaterThan(3));
    expect((await readToEnd(topic)).map(({ headers }) => headers.ce_id)).toEqual([before.id]);
    mayWrite = true;
    await publishing;
    expect((await readToEnd(topic)).map(({ headers }) => headers.ce_id)).toEqual([before.id, after.id]);
  });

  test("an event without a topic, or too large for any broker, is refused before it is sent", async () => {
    const publisher = await openPublisher({ client, topic: uniqueTopic("unsent") });
    expect(publisher.refusal(outboxEvent({ aggregateType: "invoice" }))).toMatchObject({
      reason: "no_topic",
    });
    expect(publisher.refusal(outboxEvent({ bytes: 50_000_001 }))).toMatchObject({ reason: "too_large" });
    expect(publisher.refusal(outboxEvent())).toBeUndefined();
  });
});
