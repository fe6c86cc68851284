import type { RawRecord } from "../../../test/support/kafka.ts";
import type { ConsumedRecord } from "../application/consumed-record.ts";
import { headerBytes } from "./header-bytes.ts";

export interface OrderCreatedOptions {
  readonly orderId: string;
  readonly eventId: string;
  readonly version?: number | string;
  readonly totalMinor?: string;
  readonly customerId?: string;
  readonly time?: string;
}

/** A record as the relay writes it: the payload as Postgres prints jsonb (spaces, keys by length), binary CloudEvents headers. */
export function orderCreated(options: OrderCreatedOptions): RawRecord & {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
} {
  const { orderId, eventId, version = 1, totalMinor = "1000", customerId = "customer-1" } = options;
  const { time = new Date().toISOString() } = options;
  return {
    key: orderId,
    value:
      `{"order": {"id": "${orderId}", "lines": [{"sku": "sku-1", "quantity": "1", "unitPriceMinor": "${totalMinor}"}], ` +
      `"status": "ORDER_STATUS_CREATED", "version": "${version}", "currency": "EUR", "createdAt": "2026-11-24T08:00:00.123456Z", ` +
      `"customerId": ${JSON.stringify(customerId)}, "totalMinor": "${totalMinor}", "pickupPointId": "point-1"}}`,
    headers: {
      ce_specversion: "1.0",
      ce_id: eventId,
      ce_source: "/orders",
      ce_type: "OrderCreated",
      ce_subject: orderId,
      ce_time: time,
      ce_aggregatetype: "order",
      ce_aggregateversion: String(version),
      "content-type": "application/json",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
  };
}

/** The record as a consumer gets it. */
export function consumed(record: RawRecord, offset = "0"): ConsumedRecord {
  const bytes = (part: string | Buffer | null) => (part === null ? null : Buffer.from(part));
  return {
    topic: "orders-events",
    partition: record.partition ?? 0,
    offset,
    timestamp: "1795507200000",
    key: bytes(record.key),
    value: bytes(record.value),
    headers: headerBytes(record.headers ?? {}),
  };
}
