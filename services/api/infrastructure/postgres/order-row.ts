import type { Order, OrderLine } from "../../domain/order.ts";

/** Int64 as strings, for jsonb in JavaScript's hands would round them. */
type StoredLine = Readonly<Record<keyof OrderLine, string>>;

/** A row of `orders` as pg returns it. */
export interface OrderRow {
  readonly id: string;
  readonly customer_id: string;
  readonly pickup_point_id: string;
  readonly currency: string;
  readonly lines: readonly StoredLine[];
  readonly total_minor: string;
  readonly status: Order["status"];
  readonly version: string;
  readonly created_at: Date;
  readonly ready_at: Date | null;
  readonly issued_at: Date | null;
  readonly returned_at: Date | null;
  readonly cancelled_at: Date | null;
  readonly reason: string | null;
}

export const orderColumns = `id, customer_id, pickup_point_id, currency, lines, total_minor, status, version, created_at,
       ready_at, issued_at, returned_at, cancelled_at, reason`;

export function toOrder(row: OrderRow): Order {
  return {
    id: row.id,
    customerId: row.customer_id,
    pickupPointId: row.pickup_point_id,
    currency: row.currency,
    lines: row.lines.map(({ sku, quantity, unitPriceMinor }) => ({
      sku,
      quantity: BigInt(quantity),
      unitPriceMinor: BigInt(unitPriceMinor),
    })),
    totalMinor: BigInt(row.total_minor),
    status: row.status,
    version: BigInt(row.version),
    createdAt: row.created_at,
    readyAt: row.ready_at ?? undefined,
    issuedAt: row.issued_at ?? undefined,
    returnedAt: row.returned_at ?? undefined,
    cancelledAt: row.cancelled_at ?? undefined,
    reason: row.reason ?? "",
  };
}

/** The column's JSON. */
export function toStoredLines(lines: readonly OrderLine[]): string {
  return JSON.stringify(
    lines.map(
      ({ sku, quantity, unitPriceMinor }): StoredLine => ({
        sku,
        quantity: String(quantity),
        unitPriceMinor: String(unitPriceMinor),
      }),
    ),
  );
}
