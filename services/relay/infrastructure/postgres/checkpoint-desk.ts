import type { CheckpointDesk } from "../../application/operations/checkpoint-desk.ts";
import { AUDIT_COLUMNS, auditValues } from "./audit-values.ts";
import type { OperatorConnection } from "./operator-connection.ts";

export function createCheckpointDesk(connection: OperatorConnection, relay: string): CheckpointDesk {
  return {
    async standing() {
      const [row] = await connection.query<{ events: string; unpublished: string; letters: string }>(
        `select count(*) as events, count(*) filter (where status = 'new') as unpublished,
                (select count(*) from outbox_dead_letter where relay = $1) as letters
           from outbox_status where relay = $1`,
        [relay],
      );
      return {
        events: Number(row?.events ?? 0),
        unpublished: Number(row?.unpublished ?? 0),
        deadLetters: Number(row?.letters ?? 0),
      };
    },
    async reset(way, audit) {
      const [row] = await connection.query<{ left: string }>(
        `with noted as (
           insert into relay_history (relay, ${AUDIT_COLUMNS}) values ($1, $3, $4, $5, $6) returning relay)
         select outbox_reset_checkpoint(relay, $2) as left from noted`,
        [relay, way === "republish", ...auditValues(audit)],
      );
      return Number(row?.left ?? 0);
    },
  };
}
