import type { Pool } from "pg";
import type { OrderRepository } from "../../application/ports.ts";
import type { Order, OrderLine } from "../../domain/order.ts";
import { isUnavailable } from "./database-errors.ts";
import { type Tx, unavailable } from "./transactions.ts";

/** Int64 as strings, for jsonb in JavaScript's hands would round them. */
type StoredLine = Readonly<Record<keyof OrderLine, string>>;

export function createOrderRepository(pool: Pool): OrderRepository<Tx> {
  return {
    insert(tx, order) {
      tx.write({
        name: "insert-order",
        text: `insert into orders (id, customer_id, pickup_point_id, currency, lines, total_minor, status, version, created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        values: [
          order.id,
          order.customerId,
          order.pickupPointId,
          order.currency,
          JSON.stringify(order.lines.map(toStoredLine)),
          String(order.totalMinor),
          order.status,
          String(order.version),
          order.createdAt.toISOString(),
        ],
      });
    },

    async find(id) {
      try {
        const { rows } = await pool.query({
          name: "find-order",
          text: `select id, customer_id, pickup_point_id, currency, lines, total_minor, status, version, created_at
                   from orders where id = $1`,
          values: [id],
        });
        return rows[0] && toOrder(rows[0]);
      } catch (error) {
        throw isUnavailable(error) ? unavailable(error) : error;
      }
    },
  };
}

function toStoredLine({ sku, quantity, unitPriceMinor }: OrderLine): StoredLine {
  return { sku, quantity: String(quantity), unitPriceMinor: String(unitPriceMinor) };
}

interface OrderRow {
  readonly id: string;
  readonly customer_id: string;
  readonly pickup_point_id: string;
  readonly currency: string;
  readonly lines: readonly StoredLine[];
  readonly total_minor: string;
  readonly status: Order["status"];
  readonly version: string;
  readonly created_at: Date;
}

function toOrder(row: OrderRow): Order {
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
  };
}
