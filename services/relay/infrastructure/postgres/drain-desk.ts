import type { DrainDesk } from "../../application/operations/drain-desk.ts";
import type { OutboxTableName } from "../../domain/outbox-columns.ts";
import { LEASE_IS_HELD } from "./lease-sql.ts";
import type { OperatorConnection } from "./operator-connection.ts";
import { outboxRelation } from "./outbox-relation.ts";

interface StandingRow {
  readonly left: number;
  readonly dead_letters: number;
  readonly is_led: boolean;
  readonly is_paused: boolean;
}

const COUNTED_AT_MOST = 100_000;

export function createDrainDesk(
  connection: OperatorConnection,
  relay: string,
  table: OutboxTableName,
): DrainDesk {
  const outbox = outboxRelation(table);
  return {
    async begin() {
      const [row] = await connection.query<{ snapshot: string }>(
        "select pg_current_snapshot()::text as snapshot",
        [],
      );
      return row?.snapshot ?? "";
    },
    async standing(snapshot) {
      const [row] = await connection.query<StandingRow>(
        `select (select count(*)::int
                   from (select from ${outbox} o
                          where o.transaction_id >= pg_snapshot_xmin(c.published)
                            and not pg_visible_in_snapshot(o.transaction_id, c.published)
                            and pg_visible_in_snapshot(o.transaction_id, $2)
                            and not coalesce(pg_visible_in_snapshot(o.transaction_id, c.drain_snapshot)
                                             and o.position <= c.drain_position, false)
                          limit ${COUNTED_AT_MOST}) unpublished) as left,
                (select count(*)::int from outbox_dead_letter where relay = $1) as dead_letters,
                ${LEASE_IS_HELD} as is_led,
                coalesce((select paused from relay_control where relay = $1), false) as is_paused
           from relay_checkpoint c
          where relay = $1`,
        [relay, snapshot],
      );
      return {
        left: row?.left ?? 0,
        isAtLeast: row?.left === COUNTED_AT_MOST,
        deadLetters: row?.dead_letters ?? 0,
        isLed: row?.is_led ?? false,
        isPaused: row?.is_paused ?? false,
      };
    },
  };
}
