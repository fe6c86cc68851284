import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { produceRaw } from "../../test/support/kafka.ts";
import { startTcpProxy } from "../../test/support/tcp-proxy.ts";
import { committedOffsets, groupLag } from "./testing/kafka-admin.ts";
import { orderCreated } from "./testing/records.ts";
import { ownEnvironment, type ProjectorUnderTest, startProjector } from "./testing/running-projector.ts";

/** By partition, as /metrics has it. */
async function exportedLag(projector: ProjectorUnderTest): Promise<Record<string, number>> {
  const { body } = await projector.ops("/metrics");
  const series = body.matchAll(/^kafka_consumergroup_lag\{.*partition="(\d+)".*\} (\S+)$/gm);
  return Object.fromEntries(Array.from(series, ([, partition, records]) => [partition, Number(records)]));
}

const newOrders = (count: number) =>
  Array.from({ length: count }, () => orderCreated({ orderId: randomUUID(), eventId: randomUUID() }));

const sum = (lag: Record<string, number>) => Object.values(lag).reduce((a, b) => a + b, 0);

test("the lag of each partition is the broker's: 0 when idle, growing while the partitions stall, 0 again afterwards", async () => {
  const environment = ownEnvironment();
  const url = new URL(environment.REDIS_URL);
  const redis = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  onTestFinished(() => redis.close());
  url.port = String(redis.port);
  const projector = await startProjector({ ...environment, REDIS_URL: url.href });
  await projector.ready();
  const { PROJECTOR_TOPIC: topic } = environment;
  const agrees = async (total: number) => {
    await eventually(async () => {
      const truth = await groupLag(environment);
      expect(sum(truth)).toBe(total);
      expect(await exportedLag(projector)).toEqual(truth);
    });
  };
  // Also of partitions that never had a record.
  await agrees(0);
  await produceRaw(topic, newOrders(40));
  await eventually(async () => expect(await committedOffsets(environment)).toBe(40));
  await agrees(0);

  redis.cut();
  await produceRaw(topic, newOrders(30));
  await eventually(async () =>
    expect(await projector.metric("projector_stalled_partitions")).toBeGreaterThan(0),
  );
  // Nothing is fetched from now on, and so no fetch tells of these.
  await produceRaw(topic, newOrders(25));
  await agrees(55);

  redis.restore();
  await agrees(0);
});

test("a partition that was given away has no series any more, and with whoever has it now it has one at once", async () => {
  const environment = ownEnvironment();
  const first = await startProjector(environment);
  await first.ready();
  await produceRaw(environment.PROJECTOR_TOPIC, newOrders(20));
  await eventually(async () => expect(Object.keys(await exportedLag(first))).toHaveLength(6));

  const second = await startProjector(environment);
  await eventually(
    async () => {
      const [one, other] = [await exportedLag(first), await exportedLag(second)].map(Object.keys);
      expect([one, other].map((each) => each?.length)).toEqual([3, 3]);
      expect([...(one ?? []), ...(other ?? [])].toSorted()).toEqual(["0", "1", "2", "3", "4", "5"]);
    },
    { timeoutMs: 25_000 },
  );
  await second.stop();
  await eventually(async () => expect(await exportedLag(first)).toEqual(await groupLag(environment)), {
    timeoutMs: 25_000,
  });
});
