import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startKafka } from "../../../../deploy/local/kafka.ts";
import { freePort } from "../../../../deploy/local/ports.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { createTopic, readToEnd, uniqueTopic } from "../../../../test/support/kafka.ts";
import { createRequestScanner, type RequestScanner } from "../../../../test/support/kafka-requests.ts";
import { type ProxiedConnection, startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { createKafka } from "../../../platform/kafka/kafka-client.ts";
import { openLeaderConnections } from "../../../platform/kafka/leader-connections.ts";
import { createBatchPublisher } from "../../application/publish-batch.ts";
import type { Publisher } from "../../application/publisher.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { outboxEvent } from "../../testing/events.ts";
import { openPublisher, publishingClients } from "../../testing/publisher-under-test.ts";
import { silentObserver } from "../../testing/silent-observer.ts";
import { partitionEnds } from "./partition-ends.ts";
import { createTailReader } from "./tail-reader.ts";

const log = pino({ level: "silent" });
const stack = new AsyncDisposableStack();
let proxy: TcpProxy;
/** All clients come by the proxy. */
let brokers: string;
let produceRequests = 0;
let onProduce: (connection: ProxiedConnection) => void = () => {};

beforeAll(async () => {
  const port = await freePort();
  const scanners = new WeakMap<ProxiedConnection, RequestScanner>();
  proxy = await startTcpProxy({
    host: "127.0.0.1",
    port,
    onSent(bytes, connection) {
      const scanner = scanners.get(connection) ?? createRequestScanner();
      scanners.set(connection, scanner);
      if (!scanner.endsProduce(bytes)) return;
      produceRequests += 1;
      onProduce(connection);
    },
  });
  stack.defer(() => proxy.close());
  brokers = `127.0.0.1:${proxy.port}`;
  const dataDir = await mkdtemp(join(tmpdir(), "publisher-outages-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const settings = { "advertised.listeners": `PLAINTEXT://${brokers}`, "message.max.bytes": "40000000" };
  const kafka = await startKafka({ dataDir, port, settings, log: () => {} });
  stack.defer(() => kafka.stop("SIGKILL"));
});

afterEach(() => {
  onProduce = () => {};
  proxy.restore();
});

afterAll(() => stack.disposeAsync());

/** The answers to this many produce requests are lost, and the connections with them. */
function loseAnswers(count: number): void {
  let left = count;
  onProduce = (connection) => {
    if (left === 0) return;
    left -= 1;
    connection.loseAnswer();
  };
}

const batchOf = (count: number) => Array.from({ length: count }, () => outboxEvent());
const idsOf = (events: readonly OutboxEvent[]) => events.map(({ id }) => id);
const onTopic = async (topic: string) =>
  (await readToEnd(topic, { brokers })).map(({ headers }) => headers.ce_id);

async function isPending(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([promise.then(() => false), sleep(ms, true)]);
}

describe.each(publishingClients)("%s", (client) => {
  async function open(topic: string): Promise<Publisher> {
    await createTopic({ topic, partitions: 1, brokers });
    return openPublisher({ client, topic, brokers: [brokers] });
  }

  test("a batch whose acks are lost is sent again, and is on the topic once", async () => {
    const topic = uniqueTopic("lost-acks");
    const publisher = await open(topic);
    const batches = [batchOf(50), batchOf(50), batchOf(50)] as const;
    await publisher.publish(batches[0]);
    const before = produceRequests;
    loseAnswers(3);
    expect(await publisher.publish(batches[1])).toEqual({ [topic]: { "0": "100" } });
    expect(produceRequests - before).toBe(4);
    await publisher.publish(batches[2]);
    expect(await onTopic(topic)).toEqual(idsOf(batches.flat()));
  });

  test.each(["cut", "stall"] as const)(
    "while the connections are broken (%s) nothing is taken for published, and afterwards all of it comes, in order",
    async (fault) => {
      const topic = uniqueTopic("broken");
      const publisher = await open(topic);
      const batches = [batchOf(50), batchOf(50), batchOf(50)] as const;
      await publisher.publish(batches[0]);
      proxy[fault]();
      const publishing = publisher.publish(batches[1]);
      expect(await isPending(publishing, 1_500)).toBe(true);
      proxy.restore();
      await publishing;
      await publisher.publish(batches[2]);
      expect(await onTopic(topic)).toEqual(idsOf(batches.flat()));
    },
  );

  test("once the producer is thrown away, nothing of what it was trying to send lands any more", async () => {
    const topic = uniqueTopic("thrown-away");
    const publisher = await open(topic);
    const [before, thrown, after] = [batchOf(1), batchOf(50), batchOf(1)];
    await publisher.publish(before);
    proxy.cut();
    const publishing = publisher.publish(thrown).catch(() => {});
    expect(await isPending(publishing, 500)).toBe(true);
    await publisher.discard();
    proxy.restore();
    await publisher.publish(after);
    // Longer than either client waits between two tries.
    await sleep(2_000);
    expect(await onTopic(topic)).toEqual(idsOf([...before, ...after]));
    await publishing;
  });

  test("a request of which the kernel has a part is not finished once the producer is thrown away", async () => {
    const topic = uniqueTopic("half-sent");
    const publisher = await open(topic);
    const before = batchOf(1);
    await publisher.publish(before);
    proxy.stall("toServer");
    const large = Array.from({ length: 20 }, () => outboxEvent({ payload: Buffer.alloc(1_000_000, "x") }));
    const publishing = publisher.publish(large).catch(() => {});
    expect(await isPending(publishing, 500)).toBe(true);
    await publisher.discard();
    proxy.restore();
    const after = batchOf(1);
    await publisher.publish(after);
    expect(await onTopic(topic)).toEqual(idsOf([...before, ...after]));
  });

  test("a batch that was written by a producer which is thrown away before the ack is found on the topic, not sent again", async () => {
    const topic = uniqueTopic("found");
    const publisher = await open(topic);
    const kafka = createKafka({ brokers: [brokers], clientId: "test", security: {}, log });
    const tail = createTailReader({
      topics: [topic],
      ensureTopic: async () => {},
      partitionEnds: (name) => partitionEnds(kafka, name),
      openConnections: (of) => openLeaderConnections(kafka, of),
      settleMs: 500,
      maxEvents: 1_000,
    });
    const endOffsets = { [topic]: { "0": "0" } };
    const batches = createBatchPublisher({ publisher, tail, endOffsets, observer: silentObserver, log });
    const [first, second, third] = [batchOf(50), batchOf(50), batchOf(50)];
    const { signal } = new AbortController();
    await batches.publish(first, signal);
    let rejected: unknown;
    onProduce = (connection) => {
      onProduce = () => {};
      connection.stallAnswers();
      rejected = publisher.discard();
    };
    await batches.publish(second, signal);
    await eventually(() => expect(rejected).toBeInstanceOf(Promise));
    await batches.publish(third, signal);
    expect(await onTopic(topic)).toEqual(idsOf([...first, ...second, ...third]));
    expect(batches.endOffsets).toEqual({ [topic]: { "0": "150" } });
  });
});
