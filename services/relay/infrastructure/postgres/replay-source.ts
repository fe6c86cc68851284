import type { Replayable, ReplayDesk, ReplaySelection } from "../../application/operations/replay-desk.ts";
import { OUTBOX_COLUMNS, type OutboxTableName } from "../../domain/outbox-columns.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { AUDIT_COLUMNS, auditValues } from "./audit-values.ts";
import type { OperatorConnection } from "./operator-connection.ts";
import { outboxRelation } from "./outbox-relation.ts";
import { asText, type OutboxRow, toEvent } from "./outbox-row.ts";

interface CountRow {
  readonly published: string;
  readonly events: string;
  readonly unpublished: string;
  readonly unpublishable: string;
}

/** Of the row `o`, for the relay `$1`: the topic has never had it. */
const UNPUBLISHABLE = `(
  exists (select from outbox_dead_letter d where d.relay = $1 and d.id = o.id)
  or o.id in (select (h.arguments ->> 'id')::uuid from relay_history h
               where h.relay = $1 and h.command = 'dead-letters discard' and h.arguments ? 'id'))`;

/** Each page is a statement of its own: no snapshot is held, however long a replay takes. */
export function createReplaySource(
  connection: OperatorConnection,
  relay: string,
  table: OutboxTableName,
): Omit<ReplayDesk, "openPublisher"> {
  const outbox = outboxRelation(table);

  return {
    async find(selection): Promise<Replayable> {
      const { condition, values } = conditionOf(selection, [relay]);
      const [row] = await connection.query<CountRow>(
        `select c.published::text, n.*
           from relay_checkpoint c
          cross join lateral (
            select count(*) filter (where is_published and not is_unpublishable) as events,
                   count(*) filter (where not is_published and not is_unpublishable) as unpublished,
                   count(*) filter (where is_unpublishable) as unpublishable
              from (select pg_visible_in_snapshot(o.transaction_id, c.published) as is_published,
                           ${UNPUBLISHABLE} as is_unpublishable
                      from ${outbox} o where ${condition}) selected) n
          where c.relay = $1`,
        values,
      );
      return {
        published: row?.published ?? "1:1:",
        events: Number(row?.events ?? 0),
        unpublished: Number(row?.unpublished ?? 0),
        unpublishable: Number(row?.unpublishable ?? 0),
      };
    },

    read: (selection, published, limit): Promise<OutboxEvent[]> =>
      connection.inTransaction(async (session) => {
        await session.query("set local datestyle to iso; set local timezone to 'UTC'");
        const { condition, values } = conditionOf(selection, [relay, published, limit]);
        const { rows } = await session.query<OutboxRow>({
          text: `select ${OUTBOX_COLUMNS.map((column) => `o.${column}`).join(", ")} from ${outbox} o
                  where ${condition} and pg_visible_in_snapshot(o.transaction_id, $2) and not ${UNPUBLISHABLE}
                  order by o.position limit $3`,
          values: [...values],
          types: asText,
        });
        return rows.map(toEvent);
      }),

    async note(audit) {
      await connection.query(
        `insert into relay_history (relay, ${AUDIT_COLUMNS}) values ($1, $2, $3, $4, $5)`,
        [relay, ...auditValues(audit)],
      );
    },
  };
}

/** Only what is given stands in the condition, so that partitions of other days are left out of it. */
function conditionOf(
  { key, from, to, types, afterPosition }: ReplaySelection,
  before: readonly unknown[],
): { condition: string; values: readonly unknown[] } {
  const values = [...before];
  const given = (value: unknown) => `$${values.push(value)}`;
  const conditions = [`o.position > ${given(afterPosition)}`];
  if (key !== undefined) conditions.push(`o.aggregate_id = ${given(key)}`);
  if (from !== undefined) conditions.push(`o.created_at >= ${given(from)}`);
  if (to !== undefined) conditions.push(`o.created_at < ${given(to)}`);
  if (types.length > 0) conditions.push(`o.event_type = any(${given(types)})`);
  return { condition: conditions.join(" and "), values };
}
