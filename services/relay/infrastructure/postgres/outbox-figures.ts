import type { OutboxFigures, RelayReplica } from "../../application/outbox-figures.ts";
import type { ReadingMode } from "../../application/relay-history.ts";
import type { OutboxTableName } from "../../domain/outbox-columns.ts";
import { leaseApplicationName } from "./advisory-lease.ts";
import { createBacklogReader, type PublishedSnapshots } from "./backlog-figures.ts";
import { IS_HELD_LEASE } from "./lease-sql.ts";
import type { Queries } from "./queries.ts";
import { createSlotReader } from "./slot-figures.ts";

export interface FiguresOptions {
  readonly relay: string;
  readonly slot: string;
  readonly table: OutboxTableName;
}

interface RelayRow extends PublishedSnapshots {
  readonly database_time: number;
  readonly mode: ReadingMode | null;
  readonly epoch: string;
  readonly leader: string | null;
  readonly dead_letters: number;
  readonly parked_events: number;
  readonly replicas: readonly RelayReplica[];
}

const LETTERS_COUNTED_AT_MOST = 100_000;

/** One row, also before the relay's first start. Postgres cuts an application_name off where it cuts off a name. */
const RELAY = `
  with sessions as (
    select substr(application_name, length($2::text) + 1) as name,
           exists (select from pg_locks l where l.pid = a.pid and ${IS_HELD_LEASE}) as is_leader
      from pg_stat_activity a
     where datname = current_database() and starts_with(application_name, ($2::text::name)::text)
  ), letters as (
    select reason from outbox_dead_letter where relay = $1 limit ${LETTERS_COUNTED_AT_MOST}
  )
  select extract(epoch from clock_timestamp())::float8 * 1000 as database_time,
         c.mode, coalesce(c.epoch, 0) as epoch, coalesce(c.published, '1:1:')::text as published,
         c.drain_snapshot::text, c.drain_position::text,
         case when exists (select from sessions where is_leader) then c.leader end as leader,
         (select coalesce(json_agg(json_build_object('name', name, 'isLeader', is_leader) order by name), '[]') from sessions)
           as replicas,
         (select count(reason)::int from letters) as dead_letters,
         (select (count(*) - count(reason))::int from letters) as parked_events
    from (select) one
    left join relay_checkpoint c on c.relay = $1`;

/** Reads only what the role outbox_relay may. */
export function createOutboxFigures(queries: Queries, { relay, slot, table }: FiguresOptions): OutboxFigures {
  const readSlot = createSlotReader(queries, slot);
  const readBacklog = createBacklogReader(queries, relay, table);

  return {
    async read() {
      const askedAt = Date.now();
      const { rows } = await queries.query<RelayRow>(RELAY, [relay, leaseApplicationName(relay, "")]);
      const answeredAt = Date.now();
      const row = rows[0] as RelayRow;
      const backlog = await readBacklog(row);
      return {
        readAt: Date.now(),
        clockSkewMs: row.database_time - (askedAt + answeredAt) / 2,
        oldestUnpublishedAgeMs: backlog.oldestAgeMs,
        unpublishedEvents: backlog.events,
        unpublishedIsAtLeast: backlog.isAtLeast,
        deadLetters: row.dead_letters,
        parkedEvents: row.parked_events,
        mode: row.mode ?? undefined,
        leader: row.leader ?? undefined,
        epoch: BigInt(row.epoch),
        replicas: row.replicas,
        slot: await readSlot(),
      };
    },
  };
}
