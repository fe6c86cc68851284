import type { SlotState, WalStatus } from "../../application/outbox-figures.ts";
import type { Queries } from "./queries.ts";

interface SlotRow {
  readonly active: boolean;
  readonly wal_status: WalStatus | null;
  readonly confirmed_flush_lag: number;
  readonly retained_wal: number;
  readonly safe_wal_size: number | null;
  readonly inactive_ms: number | null;
  readonly invalidation_reason: string | null;
  readonly failover: boolean;
  readonly synced: boolean;
  readonly spill_txns: number;
  readonly spill_bytes: number;
}

/** Reads the slot; undefined when there is none. */
export type ReadSlot = () => Promise<SlotState | undefined>;

/**
 * Through jsonb, which has the columns that this server has: `conflicting` came with PostgreSQL 16; `inactive_since`,
 * `invalidation_reason`, `failover` and `synced` with 17. A lost slot has no restart_lsn any more.
 */
const SLOT = `
  select active, wal_status,
         greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::float8 as confirmed_flush_lag,
         coalesce(greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0), 0)::float8 as retained_wal,
         safe_wal_size::float8,
         extract(epoch from clock_timestamp() - (details ->> 'inactive_since')::timestamptz)::float8 * 1000 as inactive_ms,
         details ->> 'invalidation_reason' as invalidation_reason,
         coalesce((details ->> 'failover')::boolean, false) as failover,
         coalesce((details ->> 'synced')::boolean, false) as synced,
         coalesce(spill_txns, 0)::float8 as spill_txns, coalesce(spill_bytes, 0)::float8 as spill_bytes
    from (select s.*, to_jsonb(s) as details from pg_replication_slots s where slot_name = $1) slot
    left join pg_stat_replication_slots using (slot_name)`;

export function createSlotReader(queries: Queries, name: string): ReadSlot {
  let inactiveSince: number | undefined;

  /** Servers before PostgreSQL 17 do not tell since when. */
  function seenInactiveMs(active: boolean): number {
    const now = performance.now();
    inactiveSince = active ? undefined : (inactiveSince ?? now);
    return now - (inactiveSince ?? now);
  }

  return async () => {
    const { rows } = await queries.query<SlotRow>(SLOT, [name]);
    const [row] = rows;
    const seenMs = seenInactiveMs(row?.active ?? true);
    if (!row) return undefined;
    const walStatus = row.wal_status ?? "lost";
    return {
      name,
      active: row.active,
      walStatus,
      confirmedFlushLagBytes: row.confirmed_flush_lag,
      retainedWalBytes: row.retained_wal,
      safeWalBytes: row.safe_wal_size ?? undefined,
      inactiveMs: row.active ? 0 : Math.max(0, row.inactive_ms ?? seenMs),
      // Before PostgreSQL 17 it is not told; max_slot_wal_keep_size is then the only cause on a primary.
      invalidationReason: row.invalidation_reason ?? (walStatus === "lost" ? "wal_removed" : undefined),
      failover: row.failover,
      synced: row.synced,
      spilledTransactions: row.spill_txns,
      spilledBytes: row.spill_bytes,
    };
  };
}
