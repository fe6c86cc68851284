import type { SlotsFacts, StandbyFacts } from "../../../application/doctor/postgres-facts.ts";
import type { DoctorQueries } from "./doctor-queries.ts";

interface SlotRow {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly is_here: boolean;
  readonly active_pid: number | null;
  readonly reader: string | null;
  readonly wal_status: string;
  readonly safe_wal_size: string | null;
  readonly retained: number | null;
  /** Of PostgreSQL 17 and up. */
  readonly invalidation_reason: string | null;
  readonly inactive_ms: number | null;
  readonly failover: boolean | null;
}

/** `to_jsonb` of a whole row gives null for what older versions do not have. */
export async function readSlots(queries: DoctorQueries, slot: string): Promise<SlotsFacts> {
  const [counts, [ours]] = await Promise.all([
    queries.one<{ used: number; inactive: string[] }>(
      `select count(*)::int as used,
              coalesce(array_agg(slot_name::text) filter (where not active), '{}') as inactive
         from pg_replication_slots`,
    ),
    queries.all<SlotRow>(
      `select s.plugin, s.database, s.database = current_database() as is_here, s.active_pid, a.application_name as reader,
              s.wal_status, s.safe_wal_size::text,
              pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
                              s.restart_lsn)::float8 as retained,
              to_jsonb(s) ->> 'invalidation_reason' as invalidation_reason,
              (extract(epoch from clock_timestamp() - (to_jsonb(s) ->> 'inactive_since')::timestamptz) * 1000)::float8
                as inactive_ms,
              (to_jsonb(s) ->> 'failover')::boolean as failover
         from pg_replication_slots s
         left join pg_stat_activity a on a.pid = s.active_pid
        where s.slot_name = $1`,
      [slot],
    ),
  ]);
  return {
    ...counts,
    ours: ours && {
      plugin: ours.plugin ?? undefined,
      database: ours.database ?? undefined,
      isHere: ours.is_here,
      activePid: ours.active_pid ?? undefined,
      readerName: ours.reader ?? undefined,
      walStatus: ours.wal_status,
      invalidationReason: ours.invalidation_reason ?? undefined,
      retained: Math.max(0, ours.retained ?? 0),
      safeWalSize: ours.safe_wal_size === null ? undefined : Number(ours.safe_wal_size),
      inactive: ours.inactive_ms ?? undefined,
      failover: ours.failover ?? undefined,
    },
  };
}

export async function readStandbys(queries: DoctorQueries): Promise<StandbyFacts> {
  const [{ walsenders }, slots] = await Promise.all([
    queries.one<{ walsenders: number }>("select count(*)::int as walsenders from pg_stat_replication"),
    queries.all<{ name: string; feedback: boolean }>(
      `select slot_name::text as name, xmin is not null as feedback
         from pg_replication_slots where slot_type = 'physical' and active order by slot_name`,
    ),
  ]);
  return { walsenders, slots: slots.map(({ name, feedback }) => ({ name, hasFeedback: feedback })) };
}
