import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { createTopic, produceRaw, type RawRecord, readTopic } from "../../test/support/kafka.ts";
import { committedOffsets } from "./testing/kafka-admin.ts";
import { produceWithNullHeader, readRaw } from "./testing/raw-topic.ts";
import { orderCreated } from "./testing/records.ts";
import { ownEnvironment, readModel, startProjector } from "./testing/running-projector.ts";

const event = () => orderCreated({ orderId: randomUUID(), eventId: randomUUID() });

test("poison of every kind goes to the dead letters byte for byte with its reason, and the rest goes on", async () => {
  const environment = ownEnvironment();
  const { PROJECTOR_TOPIC: topic, PROJECTOR_DLQ_TOPIC: dlq } = environment;
  const good = event();
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const poison: [string, RawRecord][] = [
    ["null_value", { ...good, value: null }],
    ["invalid_attribute", { key: good.key, value: good.value }],
    ["invalid_attribute", { ...good, headers: { ...good.headers, ce_id: "17", ключ: everyByte } }],
    ["unknown_type", { ...good, headers: { ...good.headers, ce_type: "OrderEaten" } }],
    ["invalid_json", { ...good, value: everyByte }],
    ["invalid_json", { ...good, value: "" }],
    ["invalid_message", { ...good, value: '{"lines": 1}' }],
    ["key_mismatch", { ...good, key: everyByte }],
    ["key_mismatch", { ...good, key: null }],
    ["version_mismatch", { ...good, headers: { ...good.headers, ce_aggregateversion: "2" } }],
  ];
  const before = event();
  const after = event();
  await createTopic({ topic, partitions: 6 });
  // All in one partition: what comes behind the poison has to get past it.
  const records = [before, ...poison.map(([, record]) => record), after];
  await produceRaw(
    topic,
    records.map((record) => ({ ...record, partition: 3 })),
  );
  const projector = await startProjector(environment);
  const { order } = readModel(environment);
  await eventually(async () => expect((await order(after.key)).version).toBe("1"));
  expect((await order(before.key)).version).toBe("1");
  expect(await order(good.key)).toEqual({});

  const letters = await readRaw(dlq, poison.length);
  const byOffset = letters.toSorted((a, b) => Number(a.headers?.dlq_offset) - Number(b.headers?.dlq_offset));
  poison.forEach(([reason, { key, value, headers = {} }], i) => {
    const letter = byOffset[i];
    expect(letter?.key).toEqual(key === null ? null : Buffer.from(key));
    expect(letter?.value).toEqual(value === null ? null : Buffer.from(value));
    const { own, added } = split(letter?.headers ?? {});
    expect(own).toEqual(
      Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
    );
    expect(added).toMatchObject({
      dlq_topic: topic,
      dlq_partition: "3",
      dlq_offset: String(i + 1),
      dlq_timestamp: expect.stringMatching(/^\d{13}$/),
      dlq_group: environment.PROJECTOR_GROUP,
      dlq_error_class: reason,
      dlq_error_message: expect.stringMatching(/./),
      dlq_failed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });
  expect(await projector.metric("projector_dead_lettered_total", 'reason="key_mismatch"')).toBe(2);
  await eventually(async () => expect(await committedOffsets(environment)).toBe(records.length));
  expect(await projector.ops("/readyz")).toMatchObject({ status: 200 });
});

test("an independent client reads the dead letter with its reason", async () => {
  const environment = ownEnvironment();
  const projector = await startProjector(environment);
  await projector.ready();
  await produceRaw(environment.PROJECTOR_TOPIC, [{ key: "k", value: "no event" }]);
  const [letter] = await readTopic(environment.PROJECTOR_DLQ_TOPIC, { count: 1 });
  expect(letter).toMatchObject({ key: "k", value: Buffer.from("no event") });
  expect(letter?.headers).toMatchObject({
    dlq_error_class: "invalid_attribute",
    dlq_error_message: "header ce_specversion is missing",
  });
});

test("a header without a value, which the client cannot write back, does not hold the partition up", async () => {
  const environment = ownEnvironment();
  const projector = await startProjector(environment);
  await projector.ready();
  await produceWithNullHeader(environment.PROJECTOR_TOPIC, "nothing", "no event");
  const [letter] = await readTopic(environment.PROJECTOR_DLQ_TOPIC, { count: 1 });
  expect(letter?.headers).toMatchObject({ nothing: "", dlq_null_headers: "nothing" });
});

test("a dead letter as big as the broker takes arrives, though our headers make it bigger", async () => {
  const environment = ownEnvironment();
  const projector = await startProjector(environment);
  await projector.ready();
  const value = Buffer.alloc(1_048_400, "x");
  await produceRaw(environment.PROJECTOR_TOPIC, [{ key: "k", value }]);
  const [letter] = await readRaw(environment.PROJECTOR_DLQ_TOPIC, 1);
  expect(letter?.value?.equals(value)).toBe(true);
});

test("thousands of dead letters at once, each bigger by our headers, are not too big together", async () => {
  const environment = ownEnvironment({ PROJECTOR_BATCH_RECORDS: "10000" });
  const { PROJECTOR_TOPIC: topic } = environment;
  await createTopic({ topic, partitions: 1 });
  const values = Array.from({ length: 8_000 }, (_, i) => `poison ${i}`);
  await produceRaw(
    topic,
    values.map((value) => ({ key: "k", value })),
  );
  const projector = await startProjector(environment);
  await eventually(async () => expect(await committedOffsets(environment)).toBe(values.length), {
    timeoutMs: 20_000,
  });
  const letters = await readRaw(environment.PROJECTOR_DLQ_TOPIC, values.length);
  expect(letters.map(({ value }) => String(value))).toEqual(values);
  expect(await projector.metric("projector_dead_lettered_total")).toBe(values.length);
});

function split(headers: Record<string, unknown>) {
  const entries = Object.entries(headers);
  return {
    own: Object.fromEntries(entries.filter(([name]) => !name.startsWith("dlq_"))),
    added: Object.fromEntries(
      entries.filter(([name]) => name.startsWith("dlq_")).map(([name, value]) => [name, String(value)]),
    ),
  };
}
