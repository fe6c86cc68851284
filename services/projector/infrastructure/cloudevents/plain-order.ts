import type { OrderView } from "../../domain/order-view.ts";

/** What the contract calls a status to what the view calls it. */
export const statuses: ReadonlyMap<unknown, string> = new Map([
  ["ORDER_STATUS_CREATED", "created"],
  ["ORDER_STATUS_READY", "ready"],
  ["ORDER_STATUS_ISSUED", "issued"],
  ["ORDER_STATUS_RETURNED", "returned"],
  ["ORDER_STATUS_CANCELLED", "cancelled"],
]);

// Nothing escaped: which a text needs for quotes, backslashes and control characters only.
const TEXT = String.raw`"[^"\\\x00-\x1f]*"`;
/** All of up to 18 digits are within int64. */
const INTEGER = String.raw`"(?:0|-?[1-9]\d{0,17})"`;
// The days that are in every year; protobuf begins with the year 1.
const DAY = String.raw`(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`;
const TIME = String.raw`"(?!0000)\d{4}-${DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(?:\d{3}){1,3})?Z"`;
const LINE = `{"sku": ${TEXT}, "quantity": ${INTEGER}(?:, "unitPriceMinor": ${INTEGER})?}`;

const after = (name: string, value: string) => `(?:, "${name}": ${value})?`;

/**
 * An event as Postgres prints it from jsonb: the shorter names first, and those of a length in the order of the alphabet. So each is
 * there once at the most, and what fits needs no parsing.
 */
const PLAIN = new RegExp(
  [
    String.raw`^{"order": {"id": "([^"\\\x00-\x1f]+)"`,
    after("lines", String.raw`\[(?:${LINE}(?:, ${LINE})*)?\]`),
    after("reason", TEXT),
    `, "status": "(${[...statuses.keys()].join("|")})"`,
    after("readyAt", TIME),
    `, "version": (${INTEGER})`,
    after("currency", TEXT),
    after("issuedAt", TIME),
    after("createdAt", TIME),
    after("customerId", TEXT),
    after("returnedAt", TIME),
    after("totalMinor", INTEGER),
    after("cancelledAt", TIME),
    after("pickupPointId", TEXT),
    "}}$",
  ].join(""),
);
/** Of longer ones the expression could run out of stack: they are parsed. */
const LONGEST = 1_000_000;
const BEFORE_ORDER = '{"order": '.length;

/**
 * The order in an event that is written as it nearly always is: by a producer of this very contract, through jsonb, in proto3 JSON as
 * the specification prints it. Such an order is passed on as it is written; through protobuf's objects and back it would take as
 * long as all else that is done for the event. Undefined for anything else, which may still be right: see `orderInEvent`.
 */
export function plainOrder(event: string): OrderView | undefined {
  const parts = event.length > LONGEST ? null : PLAIN.exec(event);
  if (parts === null) return undefined;
  const [, orderId, statusName, version] = parts as unknown as [string, string, string, string];
  const status = statuses.get(statusName) as string;
  return { orderId, version: BigInt(version.slice(1, -1)), status, json: event.slice(BEFORE_ORDER, -1) };
}
