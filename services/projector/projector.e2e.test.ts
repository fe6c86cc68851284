import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { createTopic, produceRaw } from "../../test/support/kafka.ts";
import { committedOffsets, describeTopics, groupMembers } from "./testing/kafka-admin.ts";
import { orderCreated } from "./testing/records.ts";
import { ownEnvironment, readModel, startProjector } from "./testing/running-projector.ts";

test("a created order appears in Redis, whole, and the offset is committed after it", async () => {
  const environment = ownEnvironment();
  const topic = environment.PROJECTOR_TOPIC;
  const projector = await startProjector(environment);
  await projector.ready();
  const [orderId, eventId] = [randomUUID(), randomUUID()];
  const customerId = "заказчик 日本 🎁";
  const time = new Date().toISOString();
  const totalMinor = "9007199254740993";
  await produceRaw(topic, [orderCreated({ orderId, eventId, customerId, totalMinor, time })]);

  const { order } = readModel(environment);
  const view = await eventually(async () => {
    const found = await order(orderId);
    expect(found).toMatchObject({ version: "1", status: "created", event_id: eventId });
    return found;
  });
  const [written, published, projected] = (view.times ?? "").split(",").map(Number);
  expect(written).toBe(Date.parse(time));
  expect(published).toBeGreaterThanOrEqual(written as number);
  expect(projected).toBeGreaterThanOrEqual(published as number);
  expect(JSON.parse(view.order ?? "")).toEqual({
    id: orderId,
    customerId,
    pickupPointId: "point-1",
    currency: "EUR",
    lines: [{ sku: "sku-1", quantity: "1", unitPriceMinor: "9007199254740993" }],
    totalMinor: "9007199254740993",
    status: "ORDER_STATUS_CREATED",
    version: "1",
    createdAt: "2026-11-24T08:00:00.123456Z",
  });
  await eventually(async () => expect(await committedOffsets(environment)).toBe(1));
  expect(await projector.metric("projector_events_total", 'result="applied"')).toBe(1);
  expect(await projector.metric("projector_commit_to_projected_seconds_count")).toBe(1);
});

test("an order that changes no more expires after PROJECTOR_FINAL_ORDER_HOURS", async () => {
  const environment = ownEnvironment({ PROJECTOR_FINAL_ORDER_HOURS: "2" });
  await (await startProjector(environment)).ready();
  const orderId = randomUUID();
  const created = orderCreated({ orderId, eventId: randomUUID() });
  const cancelled = orderCreated({ orderId, eventId: randomUUID(), version: 2 });
  await produceRaw(environment.PROJECTOR_TOPIC, [
    created,
    {
      ...cancelled,
      value: cancelled.value.replace("STATUS_CREATED", "STATUS_CANCELLED"),
      headers: { ...cancelled.headers, ce_type: "OrderCancelled" },
    },
  ]);
  const { secondsToLive } = readModel(environment);
  await eventually(async () => {
    const seconds = await secondsToLive(orderId);
    expect(seconds).toBeGreaterThan(7_100);
    expect(seconds).toBeLessThanOrEqual(7_200);
  });
});

test("missing topics are made before anything is consumed, the dead letters' without an end to their retention", async () => {
  const environment = ownEnvironment({ PROJECTOR_TOPIC_PARTITIONS: "4" });
  await (await startProjector(environment)).ready();
  expect(await describeTopics(environment)).toEqual({
    [environment.PROJECTOR_TOPIC]: { partitions: 4, retentionMs: "604800000" },
    [environment.PROJECTOR_DLQ_TOPIC]: { partitions: 4, retentionMs: "-1" },
  });
});

test("an event that comes twice, and an old one replayed over a newer state, change nothing", async () => {
  const environment = ownEnvironment();
  const topic = environment.PROJECTOR_TOPIC;
  const projector = await startProjector(environment);
  const orderId = randomUUID();
  const first = orderCreated({ orderId, eventId: randomUUID(), version: 1 });
  const second = orderCreated({ orderId, eventId: randomUUID(), version: 2, totalMinor: "7" });
  await projector.ready();
  await produceRaw(topic, [first, second]);
  const { order } = readModel(environment);
  const before = await eventually(async () => {
    const view = await order(orderId);
    expect(view.version).toBe("2");
    return view;
  });
  // As the relay's operator has them published once more.
  const replayed = (record: typeof first) => ({
    ...record,
    headers: { ...record.headers, ce_replayid: randomUUID() },
  });
  await produceRaw(topic, [replayed(second), replayed(first)]);
  await eventually(async () => {
    expect(await projector.metric("projector_events_total", 'result="duplicate"')).toBe(1);
    expect(await projector.metric("projector_events_total", 'result="stale"')).toBe(1);
  });
  expect(await order(orderId)).toEqual(before);
});

test("2,000 records of 40 orders over 6 partitions are applied in their order per key", async () => {
  const environment = ownEnvironment({ PROJECTOR_BATCH_RECORDS: "50" });
  const topic = environment.PROJECTOR_TOPIC;
  await createTopic({ topic, partitions: 6 });
  const orders = Array.from({ length: 40 }, () => randomUUID());
  const records = Array.from({ length: 50 }, (_, i) =>
    orders.map((orderId) => orderCreated({ orderId, eventId: randomUUID(), version: i + 1 })),
  ).flat();
  await produceRaw(topic, records);
  const projector = await startProjector(environment);
  await eventually(
    async () => expect(await projector.metric("projector_events_total", 'result="applied"')).toBe(2_000),
    { timeoutMs: 25_000 },
  );
  // One event out of order would have gone past a version, and then been stale.
  expect(await projector.metric("projector_missed_versions_total")).toBe(0);
  expect(await projector.metric("projector_events_total", 'result="stale"')).toBe(0);
  const { order } = readModel(environment);
  for (const orderId of orders) expect((await order(orderId)).version).toBe("50");
  await eventually(async () => expect(await committedOffsets(environment)).toBe(2_000));
});

test("a version that never came is gone past, and counted", async () => {
  const environment = ownEnvironment();
  const projector = await startProjector(environment);
  await projector.ready();
  const orderId = randomUUID();
  await produceRaw(environment.PROJECTOR_TOPIC, [
    orderCreated({ orderId, eventId: randomUUID(), version: 1 }),
    orderCreated({ orderId, eventId: randomUUID(), version: 4 }),
  ]);
  const { order } = readModel(environment);
  await eventually(async () => expect((await order(orderId)).version).toBe("4"));
  await eventually(async () => expect(await projector.metric("projector_missed_versions_total")).toBe(2));
});

test("a topic read again from its beginning leaves the same read model", async () => {
  const environment = ownEnvironment();
  const topic = environment.PROJECTOR_TOPIC;
  const orderIds = Array.from({ length: 20 }, () => randomUUID());
  await createTopic({ topic, partitions: 6 });
  for (const version of [1, 2, 3]) {
    await produceRaw(
      topic,
      orderIds.map((orderId) => orderCreated({ orderId, eventId: randomUUID(), version })),
    );
  }
  const first = await startProjector(environment);
  await eventually(async () => expect(await committedOffsets(environment)).toBe(60), { timeoutMs: 20_000 });
  expect(await first.stop()).toEqual([]);
  const { order } = readModel(environment);
  const before = await Promise.all(orderIds.map(order));

  const again = { ...environment, PROJECTOR_GROUP: `again-${randomUUID()}` };
  const second = await startProjector(again);
  await eventually(async () => expect(await committedOffsets(again)).toBe(60), { timeoutMs: 20_000 });
  expect(await second.metric("projector_events_total", 'result="applied"')).toBe(0);
  expect(await Promise.all(orderIds.map(order))).toEqual(before);
});

test("a stop leaves the group at once, and a second projector goes on where the first one stopped", async () => {
  const environment = ownEnvironment({ PROJECTOR_SESSION_TIMEOUT_MS: "60000" });
  const topic = environment.PROJECTOR_TOPIC;
  const first = await startProjector(environment);
  await first.ready();
  await produceRaw(topic, [orderCreated({ orderId: randomUUID(), eventId: randomUUID() })]);
  await eventually(async () => expect(await committedOffsets(environment)).toBe(1));
  expect(await first.stop()).toEqual([]);
  expect(await groupMembers(environment)).toBe(0);

  const second = await startProjector(environment);
  await second.ready();
  const orderId = randomUUID();
  await produceRaw(topic, [orderCreated({ orderId, eventId: randomUUID() })]);
  const { order } = readModel(environment);
  await eventually(async () => expect((await order(orderId)).version).toBe("1"));
  expect(await second.metric("projector_events_total")).toBe(1);
});

test("a second projector takes part of the partitions in the middle of the flow, and none is lost or out of order", async () => {
  const environment = ownEnvironment({ PROJECTOR_BATCH_RECORDS: "20" });
  const topic = environment.PROJECTOR_TOPIC;
  const first = await startProjector(environment);
  await first.ready();
  const orders = Array.from({ length: 30 }, () => randomUUID());
  const round = (version: number) =>
    produceRaw(
      topic,
      orders.map((orderId) => orderCreated({ orderId, eventId: randomUUID(), version })),
    );
  let second: Awaited<ReturnType<typeof startProjector>> | undefined;
  for (let version = 1; version <= 40; version++) {
    await round(version);
    if (version === 10) second = await startProjector(environment);
  }
  await second?.ready();
  await round(41);
  await eventually(async () => expect(await committedOffsets(environment)).toBe(30 * 41), {
    timeoutMs: 25_000,
  });
  const { order } = readModel(environment);
  for (const orderId of orders) expect((await order(orderId)).version).toBe("41");
  expect(await first.metric("projector_missed_versions_total")).toBe(0);
  expect(await second?.metric("projector_missed_versions_total")).toBe(0);
  expect(await second?.metric("projector_events_total", 'result="applied"')).toBeGreaterThan(0);
});
