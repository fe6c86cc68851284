import type { OrderQuery } from "../../application/ports.ts";
import { orderColumns } from "./order-row.ts";
import type { Statement } from "./statement-batch.ts";

/**
 * A statement of its own for each set of filters, so that each has a plan of its own: with one statement for all, the planner could not
 * tell which index is the right one.
 */
export function listQuery({ filter, after, limit }: OrderQuery): Statement {
  const names: string[] = [];
  const conditions: string[] = [];
  const values: string[] = [];
  const where = (name: string, condition: (parameter: () => string) => string, ...of: string[]) => {
    names.push(name);
    values.push(...of);
    let at = values.length - of.length;
    conditions.push(condition(() => `$${++at}`));
  };
  if (filter.customerId !== undefined) where("customer", (p) => `customer_id = ${p()}`, filter.customerId);
  if (filter.pickupPointId !== undefined) {
    where("point", (p) => `pickup_point_id = ${p()}`, filter.pickupPointId);
  }
  // Not a parameter: the partial index of those that wait is for constants only. It is one of five words, not a caller's text.
  if (filter.status !== undefined) where(filter.status, () => `status = '${filter.status}'`);
  if (after) {
    where("after", (p) => `(created_at, id) < (${p()}, ${p()})`, after.createdAt.toISOString(), after.id);
  }
  const condition = conditions.length > 0 ? `where ${conditions.join(" and ")}` : "";
  return {
    name: ["list-orders", ...names].join("-"),
    text: `select ${orderColumns} from orders ${condition} order by created_at desc, id desc limit $${values.length + 1}`,
    values: [...values, String(limit)],
  };
}
