import type {
  DeadLetterDesk,
  LetterProgress,
  LetterSelection,
  LetterSummary,
} from "../../application/operations/dead-letter-desk.ts";
import { AUDIT_COLUMNS, auditValues } from "./audit-values.ts";
import type { OperatorConnection } from "./operator-connection.ts";

interface SummaryRow {
  readonly position: string;
  readonly id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly aggregate_version: string;
  readonly event_type: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly attempts: number;
  readonly parked_at: Date;
  readonly refused_at: Date;
  readonly behind: string;
  readonly request: "retry" | "discard" | null;
}

interface ContentRow extends SummaryRow {
  readonly payload: string;
  readonly headers: string;
  readonly created_at: Date;
  readonly waits_behind: string | null;
}

interface ProgressRow {
  readonly id: string;
  readonly is_there: boolean;
  readonly request: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly front_id: string | null;
  readonly front_reason: string | null;
  readonly count: string;
}

/** Of the letter `l`. */
const summary = `l.position, l.id, l.aggregate_type, l.aggregate_id, l.aggregate_version, l.event_type, l.reason, l.detail, l.attempts,
  l.parked_at, l.refused_at, l.request,
  (select count(*) from outbox_dead_letter b
    where b.relay = l.relay and b.aggregate_type = l.aggregate_type and b.aggregate_id = l.aggregate_id and b.seq > l.seq) as behind`;

/** The oldest of its key: no letter is there that it waits behind. */
const isFront = `not exists (select from outbox_dead_letter f
  where f.relay = l.relay and f.aggregate_type = l.aggregate_type and f.aggregate_id = l.aggregate_id and f.seq < l.seq)`;

export function createDeadLetterDesk(connection: OperatorConnection, relay: string): DeadLetterDesk {
  return {
    async list({ key, limit }) {
      // A front without a reason is about to be published, or would be if the relay ran: it is told of as well.
      const wanted = key === undefined ? `(l.reason is not null or ${isFront})` : "l.aggregate_id = $2";
      const values = key === undefined ? [relay] : [relay, key];
      const rows = await connection.query<SummaryRow>(
        `select ${summary} from outbox_dead_letter l
          where l.relay = $1 and ${wanted} order by l.seq limit $${values.length + 1}`,
        [...values, limit],
      );
      const [counted] = await connection.query<{ total: string }>(
        `select count(*) as total from outbox_dead_letter l where l.relay = $1 and ${wanted}`,
        values,
      );
      return { letters: rows.map(toSummary), total: Number(counted?.total ?? 0) };
    },

    async find(id) {
      const [row] = await connection.query<ContentRow>(
        `select ${summary}, l.payload::text, l.headers::text, l.created_at,
                (select f.id from outbox_dead_letter f
                  where f.relay = l.relay and f.aggregate_type = l.aggregate_type and f.aggregate_id = l.aggregate_id
                    and f.seq < l.seq and f.reason is not null
                  order by f.seq desc limit 1) as waits_behind
           from outbox_dead_letter l where l.relay = $1 and l.id = $2`,
        [relay, id],
      );
      if (!row) return undefined;
      return {
        ...toSummary(row),
        payload: row.payload,
        headers: row.headers,
        createdAt: row.created_at,
        waitsBehind: row.waits_behind ?? undefined,
      };
    },

    async ask(request, selection, audit) {
      const { condition, value } = conditionOf(selection);
      const rows = await connection.query<SummaryRow>(
        `with asked as (
           update outbox_dead_letter l set request = $2
            where l.relay = $1 and l.reason is not null and ${condition}
           returning l.seq, ${summary}),
         noted as (
           insert into relay_history (relay, ${AUDIT_COLUMNS})
           select $1, $3, $4, $5, $6 where exists (select from asked))
         select * from asked order by seq`,
        [relay, request, ...auditValues(audit), ...value],
      );
      return rows.map(toSummary);
    },

    async progress(letters) {
      const rows = await connection.query<ProgressRow>(
        `select a.id, l.id is not null as is_there, l.request, l.reason, l.detail,
                f.id as front_id, f.reason as front_reason,
                (select count(*) from outbox_dead_letter b
                  where b.relay = $1 and b.aggregate_type = a.type and b.aggregate_id = a.key) as count
           from unnest($2::uuid[], $3::text[], $4::text[]) with ordinality as a (id, type, key, nth)
           left join outbox_dead_letter l on l.relay = $1 and l.id = a.id
           left join lateral (
             select id, reason from outbox_dead_letter
              where relay = $1 and aggregate_type = a.type and aggregate_id = a.key
              order by seq limit 1) f on true
          order by a.nth`,
        [
          relay,
          letters.map(({ id }) => id),
          letters.map(({ aggregateType }) => aggregateType),
          letters.map(({ key }) => key),
        ],
      );
      return rows.map(toProgress);
    },
  };
}

/** `$7` is the value. */
function conditionOf(selection: LetterSelection): { condition: string; value: string[] } {
  const notDiscarded = "l.request is distinct from 'discard'";
  if (selection === "all") return { condition: notDiscarded, value: [] };
  if ("id" in selection) return { condition: "l.id = $7", value: [selection.id] };
  return { condition: `l.aggregate_id = $7 and ${notDiscarded}`, value: [selection.key] };
}

function toSummary(row: SummaryRow): LetterSummary {
  return {
    position: row.position,
    id: row.id,
    aggregateType: row.aggregate_type,
    key: row.aggregate_id,
    aggregateVersion: row.aggregate_version,
    eventType: row.event_type,
    reason: row.reason ?? undefined,
    detail: row.detail ?? undefined,
    attempts: row.attempts,
    parkedAt: row.parked_at,
    refusedAt: row.refused_at,
    behind: Number(row.behind),
    request: row.request ?? undefined,
  };
}

/** A front that is not refused is on its way: what is behind it has not settled either. */
function toProgress(row: ProgressRow): LetterProgress {
  const isMoving = row.front_id !== null && row.front_reason === null;
  const isPending = isMoving || (row.is_there && row.request !== null);
  const isNext = !row.is_there && row.front_id !== null && row.front_reason !== null;
  return {
    id: row.id,
    state: isPending ? "pending" : row.is_there ? "refused" : "gone",
    reason: row.reason ?? undefined,
    detail: row.detail ?? undefined,
    nextRefused: isNext ? { id: row.front_id ?? "", reason: row.front_reason ?? "" } : undefined,
    waiting: Number(row.count) - (row.is_there || isNext ? 1 : 0),
  };
}
