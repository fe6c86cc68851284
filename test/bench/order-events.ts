import { randomUUID } from "node:crypto";
import { orderCreated } from "../../services/projector/testing/records.ts";
import { recordHeaders } from "../../services/relay/infrastructure/kafka/record.ts";
import { createTopic, produceRaw, type RawRecord } from "../support/kafka.ts";

export interface OrderEvents {
  readonly topic: string;
  readonly count: number;
  /** The last event of each order, by the order's id. */
  readonly last: ReadonlyMap<string, { readonly eventId: string; readonly version: number }>;
}

const PARTITIONS = 6;
const EVENTS_PER_ORDER = 4;
/** Orders whose events alternate. */
const ORDERS_AT_ONCE = 500;

/** Fills a new topic with records as the relay writes them: `count` of them, rounded to whole orders of four events each. */
export async function writeOrderEvents(topic: string, brokers: string, count: number): Promise<OrderEvents> {
  await createTopic({ topic, partitions: PARTITIONS, brokers });
  const last = new Map<string, { eventId: string; version: number }>();
  const orders = Math.ceil(count / EVENTS_PER_ORDER);
  for (let first = 0; first < orders; first += ORDERS_AT_ONCE) {
    const ids = Array.from({ length: Math.min(ORDERS_AT_ONCE, orders - first) }, () => randomUUID());
    const records: RawRecord[] = [];
    for (let version = 1; version <= EVENTS_PER_ORDER; version++) {
      for (const orderId of ids) {
        const eventId = randomUUID();
        records.push(record(orderId, eventId, version));
        last.set(orderId, { eventId, version });
      }
    }
    await produceRaw(topic, records, brokers);
  }
  return { topic, count: orders * EVENTS_PER_ORDER, last };
}

function record(orderId: string, eventId: string, version: number): RawRecord {
  const { key, value } = orderCreated({ orderId, eventId, version, totalMinor: String(1000 + version) });
  const event = {
    position: "0",
    id: eventId,
    transactionId: "1000",
    aggregateType: "order",
    key: Buffer.from(key),
    aggregateVersion: String(version),
    eventType: "OrderCreated",
    payload: Buffer.from(value),
    headers: '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
    createdAt: "2026-11-24 08:00:00.123456+00",
    bytes: value.length,
  };
  const headers = recordHeaders(event, "/orders") as Record<string, string>;
  return { key, value, headers: { ...headers, ce_subject: key } };
}
