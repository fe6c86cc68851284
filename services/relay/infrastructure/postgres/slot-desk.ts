import type { ClientBase } from "pg";
import type { Audit } from "../../application/operations/audit.ts";
import { OperationFailed } from "../../application/operations/operations.ts";
import type { SlotDesk } from "../../application/operations/slot-desk.ts";
import { RelayError } from "../../application/relay-error.ts";
import { formatLsn, parseLsn } from "../../domain/lsn.ts";
import { AUDIT_COLUMNS, auditValues } from "./audit-values.ts";
import { makeSlot } from "./make-slot.ts";
import type { OperatorConnection } from "./operator-connection.ts";
import { walError } from "./wal-errors.ts";
import { checkPublication, checkWalLevel, type PublishedTable } from "./wal-prerequisites.ts";

type Session = Pick<ClientBase, "query">;

interface SlotRow {
  readonly slot_name: string;
  readonly active_pid: number | null;
  readonly wal_status: string;
  readonly confirmed_flush_lsn: string;
  readonly retained: number;
  readonly safe_wal_size: number | null;
  readonly checkpoint_lsn: string;
  readonly wal_end: string;
}

export function createSlotDesk(
  connection: OperatorConnection,
  relay: string,
  published: PublishedTable,
): SlotDesk {
  /** By the relay's own word, so that no other one is meant. */
  async function slotName(session: Session): Promise<string> {
    const { rows } = await session.query<{ slot: string | null }>(
      "select slot from relay_checkpoint where relay = $1",
      [relay],
    );
    const slot = rows[0]?.slot;
    if (slot) return slot;
    throw new OperationFailed(`relay ${relay} has not told yet which slot it uses; start it once`);
  }

  async function note(session: Session, audit: Audit): Promise<void> {
    await session.query(`insert into relay_history (relay, ${AUDIT_COLUMNS}) values ($1, $2, $3, $4, $5)`, [
      relay,
      ...auditValues(audit),
    ]);
  }

  return {
    async find() {
      const [row] = await connection.query<SlotRow>(
        `select slot_name, active_pid, coalesce(wal_status, 'lost') as wal_status, confirmed_flush_lsn::text,
                coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::float8 as retained,
                safe_wal_size::float8, confirmed_lsn::text as checkpoint_lsn, pg_current_wal_lsn()::text as wal_end
           from relay_checkpoint c join pg_replication_slots s on s.slot_name = c.slot
          where relay = $1`,
        [relay],
      );
      if (!row) return undefined;
      return {
        name: row.slot_name,
        activePid: row.active_pid ?? undefined,
        walStatus: row.wal_status,
        confirmedFlushLsn: parseLsn(row.confirmed_flush_lsn),
        retainedBytes: row.retained,
        safeBytes: row.safe_wal_size ?? undefined,
        checkpointLsn: parseLsn(row.checkpoint_lsn),
        walEnd: parseLsn(row.wal_end),
      };
    },

    create: (audit) =>
      connection.inTransaction(async (session) => {
        const slot = await slotName(session);
        try {
          await checkWalLevel(session);
          await checkPublication(session, published);
          // Postgres makes no slot in a transaction that has written: the note comes after it.
          const lsn = await makeSlot(session, slot);
          await note(session, { ...audit, arguments: { ...audit.arguments, slot, lsn: formatLsn(lsn) } });
          return lsn;
        } catch (error) {
          const known = walError(error);
          throw known instanceof RelayError ? new OperationFailed(known.message, { cause: error }) : error;
        }
      }),

    drop: (audit) =>
      connection.inTransaction(async (session) => {
        const slot = await slotName(session);
        await note(session, { ...audit, arguments: { ...audit.arguments, slot } });
        await session.query("select pg_drop_replication_slot($1)", [slot]);
      }),

    advance: (to, audit) =>
      connection.inTransaction(async (session) => {
        const slot = await slotName(session);
        const { rows } = await session.query<{ lsn: string }>(
          "select end_lsn::text as lsn from pg_replication_slot_advance($1, $2)",
          [slot, formatLsn(to)],
        );
        const lsn = rows[0]?.lsn ?? formatLsn(to);
        await note(session, { ...audit, arguments: { ...audit.arguments, slot, lsn } });
        return parseLsn(lsn);
      }),
  };
}
