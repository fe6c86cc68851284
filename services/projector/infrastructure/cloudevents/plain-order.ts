import type { OrderView } from "../../domain/order-view.ts";
import { timeOf } from "./time-of.ts";

/** What the contract calls a status to what the view calls it. */
export const statuses: ReadonlyMap<unknown, string> = new Map([
  ["ORDER_STATUS_CREATED", "created"],
  ["ORDER_STATUS_READY", "ready"],
  ["ORDER_STATUS_ISSUED", "issued"],
  ["ORDER_STATUS_RETURNED", "returned"],
  ["ORDER_STATUS_CANCELLED", "cancelled"],
]);

/** Where an event's only field begins: as Postgres prints jsonb. */
const BEFORE_ORDER = '{"order": ';
/** All of up to 18 digits are within int64. */
const INTEGER = /^(0|-?[1-9]\d{0,17})$/;

/**
 * The order in an event that is written as it nearly always is: by a producer of this very contract, through jsonb, in proto3 JSON as
 * the specification prints it. Such an order is passed on as it is written; through protobuf's objects and back it would take as
 * long as all else that is done for the event. Undefined for anything else, which may still be right: see `orderInEvent`.
 */
export function plainOrder(event: string): OrderView | undefined {
  if (!event.startsWith(BEFORE_ORDER) || !event.endsWith("}")) return undefined;
  // When this parses, nothing else was in the event.
  const json = event.slice(BEFORE_ORDER.length, -1);
  const order = parse(json);
  if (!isObject(order) || !allAre(order, isOrderField)) return undefined;
  const { id, version } = order;
  const status = statuses.get(order.status);
  if (typeof id !== "string" || id === "" || typeof version !== "string" || status === undefined) return;
  return { orderId: id, version: BigInt(version), status, json };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isOrderField(name: string, value: unknown): boolean {
  switch (name) {
    case "id":
    case "customerId":
    case "pickupPointId":
    case "currency":
    case "reason":
      return typeof value === "string";
    case "lines":
      return Array.isArray(value) && value.every((line) => isObject(line) && allAre(line, isLineField));
    case "totalMinor":
    case "version":
      return isInteger(value);
    case "status":
      return statuses.has(value);
    case "createdAt":
    case "readyAt":
    case "issuedAt":
    case "returnedAt":
    case "cancelledAt":
      return isTimestamp(value);
    default:
      return false;
  }
}

function isLineField(name: string, value: unknown): boolean {
  switch (name) {
    case "sku":
      return typeof value === "string";
    case "quantity":
    case "unitPriceMinor":
      return isInteger(value);
    default:
      return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function allAre(object: Record<string, unknown>, holds: (name: string, value: unknown) => boolean): boolean {
  for (const name in object) if (!holds(name, object[name])) return false;
  return true;
}

function isInteger(value: unknown): boolean {
  return typeof value === "string" && INTEGER.test(value);
}

/** protobuf begins with the year 1. */
const TIMESTAMP = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}){1,3})?Z$/;

function isTimestamp(value: unknown): boolean {
  return typeof value === "string" && TIMESTAMP.test(value) && !Number.isNaN(timeOf(value));
}
