import type { Deadline, OrderRepository } from "../../application/ports.ts";
import type { Reads } from "./connections.ts";
import { listQuery } from "./list-query.ts";
import { type OrderRow, orderColumns, toOrder, toStoredLines } from "./order-row.ts";
import type { Statement } from "./statement-batch.ts";
import type { Tx } from "./transactions.ts";

export function createOrderRepository(database: Reads): OrderRepository<Tx> {
  async function read(statement: Statement, deadline: Deadline) {
    return (await database.read<OrderRow>(statement, deadline)).map(toOrder);
  }

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
          toStoredLines(order.lines),
          String(order.totalMinor),
          order.status,
          String(order.version),
          order.createdAt.toISOString(),
        ],
      });
    },

    async findForUpdate(tx, id) {
      const text = `select ${orderColumns} from orders where id = $1 for update`;
      const [row] = await tx.query<OrderRow>({ name: "find-order-for-update", text, values: [id] });
      return row && toOrder(row);
    },

    update(tx, order) {
      tx.write({
        name: "update-order",
        text: `update orders set status = $2, version = $3, ready_at = $4, issued_at = $5, returned_at = $6, cancelled_at = $7,
                      reason = $8
                where id = $1`,
        values: [
          order.id,
          order.status,
          String(order.version),
          ...[order.readyAt, order.issuedAt, order.returnedAt, order.cancelledAt].map(
            (at) => at?.toISOString() ?? null,
          ),
          order.reason || null,
        ],
      });
    },

    async find(id, deadline) {
      const text = `select ${orderColumns} from orders where id = $1`;
      return (await read({ name: "find-order", text, values: [id] }, deadline))[0];
    },

    list: (query, deadline) => read(listQuery(query), deadline),
  };
}
