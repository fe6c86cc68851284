import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import kafkajs from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { createTopic, kafkaBrokers, produceRaw } from "../../test/support/kafka.ts";
import { type ServiceProcess, spawnService } from "../../test/support/service-process.ts";
import { startTcpProxy, type TcpProxy } from "../../test/support/tcp-proxy.ts";
import { committedOffsets, groupMembers } from "./testing/kafka-admin.ts";
import { orderCreated } from "./testing/records.ts";
import { ownEnvironment, readModel, startProjector } from "./testing/running-projector.ts";

async function proxyFor(address: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** An environment whose Redis can be taken away. */
async function withRedisProxy() {
  const environment = ownEnvironment();
  const url = new URL(environment.REDIS_URL);
  const proxy = await proxyFor(url.host);
  url.port = String(proxy.port);
  return { proxy, environment: { ...environment, REDIS_URL: url.href }, direct: environment };
}

function versions(orders: readonly string[], from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, i) =>
    orders.map((orderId) => orderCreated({ orderId, eventId: randomUUID(), version: from + i })),
  ).flat();
}

test.each(["cut", "stall"] as const)(
  "Redis away for a while (%s): nothing is committed, the reason is told, and then everything is applied in its order",
  async (fault) => {
    const { proxy, environment, direct } = await withRedisProxy();
    const { PROJECTOR_TOPIC: topic } = environment;
    const projector = await startProjector(environment);
    await projector.ready();
    const orders = Array.from({ length: 10 }, () => randomUUID());
    await produceRaw(topic, versions(orders, 1, 5));
    await eventually(async () => expect(await committedOffsets(environment)).toBe(50));

    proxy[fault]();
    await produceRaw(topic, versions(orders, 6, 20));
    await eventually(async () => {
      expect(await projector.metric("projector_stalled_partitions")).toBeGreaterThan(0);
      const { status, body } = await projector.ops("/readyz");
      expect(status).toBe(503);
      expect(JSON.parse(body).reasons).toMatchObject({
        redis: expect.stringContaining("redis is not reachable"),
        projection: expect.stringContaining(`${topic}/`),
      });
    });
    expect((await projector.ops("/livez")).status).toBe(200);
    expect(await committedOffsets(environment)).toBe(50);

    proxy.restore();
    await projector.ready();
    const { order } = readModel(direct);
    await eventually(async () => expect(await committedOffsets(environment)).toBe(200));
    for (const orderId of orders) expect((await order(orderId)).version).toBe("20");
    expect(await projector.metric("projector_missed_versions_total")).toBe(0);
  },
);

test("Redis away for longer than the session timeout: the projector keeps its place in the group", async () => {
  const { proxy, environment, direct } = await withRedisProxy();
  const projector = await startProjector(environment);
  await projector.ready();
  proxy.cut();
  const orderId = randomUUID();
  await produceRaw(environment.PROJECTOR_TOPIC, [orderCreated({ orderId, eventId: randomUUID() })]);
  // Long enough for a silent member to be thrown out.
  const until = Date.now() + 2 * Number(environment.PROJECTOR_SESSION_TIMEOUT_MS);
  const members = new Set<number>();
  await eventually(
    async () => {
      members.add(await groupMembers(environment));
      expect(Date.now()).toBeGreaterThan(until);
    },
    { timeoutMs: 20_000, intervalMs: 200 },
  );
  expect([...members]).toEqual([1]);
  proxy.restore();
  const { order } = readModel(direct);
  await eventually(async () => expect((await order(orderId)).version).toBe("1"));
});

test("a stop while Redis is away is clean, commits nothing that was not applied, and the next start applies it", async () => {
  const { proxy, environment, direct } = await withRedisProxy();
  const first = await startProjector(environment);
  await first.ready();
  proxy.cut();
  const orderId = randomUUID();
  await produceRaw(environment.PROJECTOR_TOPIC, [orderCreated({ orderId, eventId: randomUUID() })]);
  await eventually(async () => expect(await first.metric("projector_stalled_partitions")).toBe(1));
  expect(await first.stop()).toEqual([]);
  expect(await committedOffsets(environment)).toBe(0);

  proxy.restore();
  await (await startProjector(environment)).ready();
  const { order } = readModel(direct);
  await eventually(async () => expect((await order(orderId)).version).toBe("1"));
});

test("Kafka and Redis away at the start: it waits, says so, and begins by itself", async () => {
  const { proxy: redisProxy, environment } = await withRedisProxy();
  const kafkaProxy = await proxyFor(kafkaBrokers()[0] ?? "");
  redisProxy.cut();
  kafkaProxy.cut();
  const projector = await startProjector({ ...environment, KAFKA_BROKERS: `127.0.0.1:${kafkaProxy.port}` });
  await eventually(async () => {
    const { status, body } = await projector.ops("/readyz");
    expect(status).toBe(503);
    expect(JSON.parse(body).reasons).toMatchObject({
      kafka: expect.stringContaining("the consumer failed"),
      redis: expect.stringContaining("redis is not reachable"),
    });
  });
  expect((await projector.ops("/livez")).status).toBe(200);
  redisProxy.restore();
  kafkaProxy.restore();
  await projector.ready();
});

test.each(["cut", "stall"] as const)("a stop while Kafka is away (%s) is clean and quick", async (fault) => {
  const proxy = await proxyFor(kafkaBrokers()[0] ?? "");
  proxy[fault]();
  const projector = await startProjector(ownEnvironment({ KAFKA_BROKERS: `127.0.0.1:${proxy.port}` }));
  const from = Date.now();
  expect(await projector.stop()).toEqual([]);
  expect(Date.now() - from).toBeLessThan(5_000);
});

test("Kafka away in the middle of the flow: not ready, then it goes on where it was and loses nothing", async () => {
  const environment = ownEnvironment();
  const { PROJECTOR_TOPIC: topic } = environment;
  const proxy = await proxyFor(kafkaBrokers()[0] ?? "");
  // The broker tells clients its own address: every connection of this client goes to the proxy instead.
  const newKafka = () =>
    new kafkajs.Kafka({
      brokers: kafkaBrokers(),
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 500 },
      logLevel: kafkajs.logLevel.NOTHING,
      socketFactory: ({ onConnect }) => connect(proxy.port, "127.0.0.1", onConnect),
    });
  const projector = await startProjector(environment, { newKafka });
  await projector.ready();
  const orders = Array.from({ length: 10 }, () => randomUUID());
  await produceRaw(topic, versions(orders, 1, 5));
  await eventually(async () => expect(await committedOffsets(environment)).toBe(50));

  proxy.cut();
  await produceRaw(topic, versions(orders, 6, 10));
  await eventually(async () => expect((await projector.ops("/readyz")).status).toBe(503), {
    timeoutMs: 20_000,
  });
  expect((await projector.ops("/livez")).status).toBe(200);
  proxy.restore();
  await projector.ready();
  await eventually(async () => expect(await committedOffsets(environment)).toBe(100), { timeoutMs: 20_000 });
  const { order } = readModel(environment);
  for (const orderId of orders) expect((await order(orderId)).version).toBe("10");
  expect(await projector.metric("projector_missed_versions_total")).toBe(0);
}, 60_000);

test("killed between effect and commit, again and again: the read model is what it would have been", async () => {
  const environment = ownEnvironment({ PROJECTOR_BATCH_RECORDS: "5" });
  const { PROJECTOR_TOPIC: topic } = environment;
  await createTopic({ topic, partitions: 6 });
  const orders = Array.from({ length: 20 }, () => randomUUID());
  const total = 20 * 300;
  for (const from of [1, 101, 201]) await produceRaw(topic, versions(orders, from, from + 99));
  const { order } = readModel(environment);
  const applied = async () => {
    const views = await Promise.all(orders.map(order));
    return views.reduce((sum, { version = "0" }) => sum + Number(version), 0);
  };

  for (const progress of [1, 1_500]) {
    const child = spawnProjector(environment);
    await eventually(async () => expect(await applied()).toBeGreaterThan(progress), {
      timeoutMs: 25_000,
      intervalMs: 2,
    });
    await child.end("SIGKILL");
  }
  const projector = await startProjector(environment);
  await eventually(async () => expect(await committedOffsets(environment)).toBe(total), {
    timeoutMs: 40_000,
  });
  for (const orderId of orders) expect((await order(orderId)).version).toBe("300");
  expect(await projector.metric("projector_missed_versions_total")).toBe(0);
  const repeated =
    (await projector.metric("projector_events_total", 'result="stale"')) +
    (await projector.metric("projector_events_total", 'result="duplicate"'));
  expect(repeated, "records whose effect was there and whose offset was not").toBeGreaterThan(0);
}, 90_000);

test("as a process of its own it stops on SIGTERM with exit code 0", async () => {
  const environment = ownEnvironment();
  const child = spawnProjector(environment);
  const orderId = randomUUID();
  await createTopic({ topic: environment.PROJECTOR_TOPIC, partitions: 6 });
  await produceRaw(environment.PROJECTOR_TOPIC, [orderCreated({ orderId, eventId: randomUUID() })]);
  const { order } = readModel(environment);
  await eventually(async () => expect((await order(orderId)).version).toBe("1"), { timeoutMs: 25_000 });
  expect(await child.end("SIGTERM")).toBe(0);
  expect(await committedOffsets(environment)).toBe(1);
});

test("wrong configuration ends with exit code 2, and every fault is named", async () => {
  const { REDIS_URL: _, ...environment } = ownEnvironment({ OPS_PORT: "many", PROJECTOR_KEY_PREFIX: "{a}" });
  const child = spawnProjector(environment);
  expect(await child.ended()).toBe(2);
  for (const variable of ["REDIS_URL", "OPS_PORT", "PROJECTOR_KEY_PREFIX"])
    expect(child.errors()).toContain(variable);
});

function spawnProjector(environment: Readonly<Record<string, string>>): ServiceProcess {
  const projector = spawnService("projector", environment);
  onTestFinished(() => void projector.end("SIGKILL"));
  return projector;
}
