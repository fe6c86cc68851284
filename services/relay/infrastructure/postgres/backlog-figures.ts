import type { OutboxTableName } from "../../domain/outbox-columns.ts";
import { outboxRelation } from "./outbox-relation.ts";
import type { Queries } from "./queries.ts";

export interface Backlog {
  readonly events: number;
  /** There may be more. */
  readonly isAtLeast: boolean;
  /** 0 when nothing waits. */
  readonly oldestAgeMs: number;
}

/** What is published, as relay_checkpoint has it. */
export interface PublishedSnapshots {
  readonly published: string;
  readonly drain_snapshot: string | null;
  readonly drain_position: string | null;
}

interface BacklogRow {
  readonly events: number;
  readonly oldest_age_ms: number | null;
  readonly is_at_least: boolean;
}

/** Tells what waits to be published. */
export type ReadBacklog = (of: PublishedSnapshots) => Promise<Backlog>;

/** With rows of 300 bytes these take some 80 ms to look at. */
const COUNTED_AT_MOST = 100_000;
/** Where the oldest is looked for; more than one because some may be among the dead letters. */
const OLDEST_LOOKED_AT = 1_000;

/**
 * What is not visible in a snapshot was written by a transaction from its xmax on, or by one of those that were in progress: two
 * conditions that the index on transaction_id answers, whatever is kept and however long a transaction has held back xmin.
 *
 * Of a long backlog the newest are looked at, and the oldest few: what a drain under way has published lies at the start.
 */
export function createBacklogReader(
  queries: Queries,
  relay: string,
  table: OutboxTableName,
  limit = COUNTED_AT_MOST,
): ReadBacklog {
  const outbox = outboxRelation(table);
  const columns = "id, position, transaction_id, created_at";
  const text = `
    with late as materialized (
      select ${columns} from ${outbox} o
       where transaction_id = any(array(select pg_snapshot_xip($2::pg_snapshot))) limit $5::int
    ), newest as materialized (
      select ${columns} from ${outbox} o
       where transaction_id >= pg_snapshot_xmax($2::pg_snapshot) order by transaction_id desc limit $5::int
    ), first as materialized (
      select ${columns} from ${outbox} o
       where $3::pg_snapshot is null and transaction_id >= pg_snapshot_xmax($2::pg_snapshot)
       order by transaction_id limit ${OLDEST_LOOKED_AT}
    ), next_of_drain as materialized (
      select ${columns} from ${outbox} o where position > $4::bigint order by position limit ${OLDEST_LOOKED_AT}
    ), looked_at as (
      select *, true as counts from late union all select *, true from newest
      union all select *, false from first
      union all select *, false from next_of_drain where not pg_visible_in_snapshot(transaction_id, $2::pg_snapshot)
    )
    select count(*) filter (where counts)::int as events,
           greatest(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 * 1000 as oldest_age_ms,
           (select count(*) from late) + (select count(*) from newest) >= $5::int as is_at_least
      from looked_at e
     where (pg_visible_in_snapshot(transaction_id, $3::pg_snapshot) and position <= $4::bigint) is not true
       and not exists (select from outbox_dead_letter d where d.relay = $1 and d.id = e.id)`;

  return async ({ published, drain_snapshot, drain_position }) => {
    const { rows } = await queries.query<BacklogRow>(text, [
      relay,
      published,
      drain_snapshot,
      drain_position,
      limit,
    ]);
    const { events, oldest_age_ms, is_at_least } = rows[0] as BacklogRow;
    return { events: Math.min(events, limit), isAtLeast: is_at_least, oldestAgeMs: oldest_age_ms ?? 0 };
  };
}
