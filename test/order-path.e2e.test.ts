import { fromJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type CloudEvent, Kafka as KafkaBinding, type KafkaMessage } from "cloudevents";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Door, type OrderRequest, openDoors } from "../services/api/testing/doors.ts";
import { startApi } from "../services/api/testing/running-api.ts";
import { type Order, OrderSchema } from "../services/gen/orders/v1/order_pb.ts";
import {
  type EventPath,
  OrderService,
  type WatchOrderResponse,
} from "../services/gen/orders/v1/order_service_pb.ts";
import { eventually } from "./support/eventually.ts";
import { type KafkaRecord, readToEnd } from "./support/kafka.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { redisUrl } from "./support/redis.ts";

let system: OrderSystem;
let pool: pg.Pool;
let redis: Redis;
let doors: Readonly<Record<string, Door>>;
let client: Client<typeof OrderService>;

beforeAll(async () => {
  system = await startOrderSystem();
  pool = new pg.Pool({ connectionString: system.database.ownerUrl });
  redis = new Redis(redisUrl());
  doors = openDoors(system);
  client = createClient(OrderService, createGrpcTransport({ baseUrl: system.grpcUrl }));
});

afterAll(async () => {
  redis.disconnect();
  await pool.end();
  await system.stop();
});

const request: OrderRequest = {
  customerId: "заказчик «Ёж» № 1",
  pickupPointId: "Пункт выдачи — 東京 🎁",
  currency: "EUR",
  lines: [
    { sku: 'ĳs-thé/"quoted"\\', quantity: 2n, unitPriceMinor: 9_007_199_254_740_993n },
    { sku: "e\u0301 is not é", quantity: 9_007_199_254_740_995n, unitPriceMinor: 1n },
  ],
};
const totalMinor = 27_021_597_764_222_981n;

test.each(["REST", "gRPC", "gRPC-Web", "Connect"])(
  "an order by %s is a pair of rows, then one record on Kafka with the very bytes of the row, then the view in Redis",
  async (name) => {
    const created = await (doors[name] as Door).create(request);
    expect(created).toMatchObject({ ...request, totalMinor, version: 1n });

    const row = await rowPair(created.id);
    expect(row).toMatchObject({
      customer_id: request.customerId,
      total_minor: String(totalMinor),
      aggregate_type: "order",
      aggregate_version: "1",
      event_type: "OrderCreated",
      same_transaction: true,
    });

    const record = await recordOf(created.id);
    expect(record.value).toEqual(Buffer.from(row.payload));
    expect(record.value.toString()).toContain('"9007199254740993"');
    expect(asCloudEvent(record)).toMatchObject({
      specversion: "1.0",
      id: row.event_id,
      type: "OrderCreated",
      source: "/orders",
      subject: created.id,
      aggregatetype: "order",
      aggregateversion: "1",
      datacontenttype: "application/json",
    });
    expect(record.headers.ce_time).toBe(row.stamped_at);

    const view = await eventually(async () => {
      const found = await redis.hgetall(`${system.keyPrefix}order:{${created.id}}`);
      expect(found).toMatchObject({ version: "1", status: "created", event_id: row.event_id });
      return fromJson(OrderSchema, JSON.parse(found.order ?? ""));
    });
    expect(view).toEqual(created);
    expect(await (doors[name] as Door).get(created.id)).toEqual(view);
  },
);

test("who watches a new order sees each version when it has come through the topic to the read model, with the times of its way", async () => {
  const { order: created } = await client.createOrder(request);
  const { id } = created as Order;
  const received: WatchOrderResponse[] = [];
  const watching = (async () => {
    for await (const each of client.watchOrder({ id })) received.push(each);
  })();
  const until = (version: number) => eventually(() => expect(received).toHaveLength(version));
  await until(1);
  const { order: ready } = await client.markOrderReady({ id });
  await until(2);
  const { order: issued } = await client.issueOrder({ id });
  await watching;
  expect(received.map(({ order }) => order)).toEqual([created, ready, issued]);
  for (const { path } of received) {
    const { writtenAt, publishedAt, projectedAt } = path as EventPath;
    const times = [writtenAt, publishedAt, projectedAt].map((at) => timestampMs(at as Timestamp));
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(Date.now() - (times[0] ?? 0)).toBeLessThan(600_000);
  }
});

test("what an API changes that has no Redis is brought by the projector into what another has cached", async () => {
  const withoutRedis = await startApi(system.database.apiUrl);
  onTestFinished(() => withoutRedis.stop());
  const { order: created } = await client.createOrder(request);
  const { id } = created as Order;
  expect((await client.getOrder({ id })).order).toEqual(created);
  const cached = () => redis.hget(`${system.keyPrefix}order-cache:{${id}}`, "version");
  await eventually(async () => expect(await cached()).toBe("1"));
  const other = createClient(OrderService, createGrpcTransport({ baseUrl: withoutRedis.grpcUrl }));
  const { order: cancelled } = await other.cancelOrder({ id, reason: "changed my mind" });
  await eventually(async () => expect((await client.getOrder({ id })).order).toEqual(cancelled));
  expect(await cached()).toBe("2");
});

test("SIGTERM ends each service with exit code 0 and nothing on stderr, and what was answered before is published", async () => {
  const orders = await Promise.all(Array.from({ length: 20 }, () => doors.REST?.create(request)));
  const processes = Object.values(system.processes);
  const codes = await Promise.all(processes.map((service) => service.end("SIGTERM")));
  expect(codes).toEqual([0, 0, 0]);
  expect(processes.map((service) => service.errors())).toEqual(["", "", ""]);
  const { rows } = await pool.query("select status, count(*)::int from outbox_status group by 1");
  expect(rows).toEqual([{ status: "processed", count: 29 }]);
  const keys = (await readToEnd(system.topic)).map(({ key }) => key);
  expect(keys).toHaveLength(29);
  expect(keys).toEqual(expect.arrayContaining(orders.map((order) => order?.id)));
});

/** The order's row and its only outbox row, with whether one transaction wrote both. */
async function rowPair(orderId: string) {
  const { rows } = await pool.query(
    `select o.customer_id, o.total_minor, e.id as event_id, e.aggregate_type, e.aggregate_version, e.event_type,
            e.payload::text as payload,
            (e.transaction_id::text::bigint % 4294967296)::text = o.xmin::text as same_transaction,
            regexp_replace(to_char(e.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\\.?0+$', '') || 'Z'
              as stamped_at
       from orders o join outbox e on e.aggregate_id = o.id::text where o.id = $1`,
    [orderId],
  );
  expect(rows).toHaveLength(1);
  return rows[0];
}

/** The only record with the order's key, as kcat reads it. */
async function recordOf(orderId: string): Promise<KafkaRecord> {
  return eventually(async () => {
    const records = (await readToEnd(system.topic)).filter(({ key }) => key === orderId);
    expect(records).toHaveLength(1);
    return records[0] as KafkaRecord;
  });
}

function asCloudEvent({ key, value, headers }: KafkaRecord): CloudEvent<unknown> {
  const message = { headers, value: value.toString(), key } as unknown as KafkaMessage<string>;
  const event = KafkaBinding.toEvent(message) as CloudEvent<unknown>;
  expect(event.validate()).toBe(true);
  return event;
}
