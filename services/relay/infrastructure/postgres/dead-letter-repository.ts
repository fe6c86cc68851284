import type { Pool } from "pg";
import { type DeadLetters, orderingKey, type ParkedEvent } from "../../application/dead-letters.ts";
import { EVENT_OVERHEAD_BYTES } from "../../domain/outbox-event.ts";
import { leaseLost } from "./checkpoint-repository.ts";
import { asText, type OutboxRow, toEvent } from "./outbox-row.ts";

interface LetterRow extends OutboxRow {
  readonly is_refused: string;
  readonly request: "retry" | "discard" | null;
}

/** Statements of the leader are void for one that has been replaced. */
const ifLeader = "(select from relay_checkpoint where relay = $1 and epoch = $2 for share)";

export function createDeadLetterRepository(pool: Pool, relay: string): DeadLetters {
  return {
    async parkedKeys() {
      const { rows } = await pool.query<{ type: string; key: string }>(
        "select distinct aggregate_type as type, aggregate_id as key from outbox_dead_letter where relay = $1",
        [relay],
      );
      return new Set(rows.map(keyOf));
    },

    async ids() {
      const { rows } = await pool.query<{ id: string }>(
        "select id from outbox_dead_letter where relay = $1",
        [relay],
      );
      return rows.map(({ id }) => id);
    },

    async park(events, epoch) {
      const { rowCount } = await pool.query(
        `with leader as materialized ${ifLeader}, parked as (
           insert into outbox_dead_letter as d
                  (relay, position, id, transaction_id, aggregate_type, aggregate_id, aggregate_version, event_type,
                   payload, headers, created_at, reason, detail)
           select $1, e.*
             from leader,
                  unnest($3::bigint[], $4::uuid[], $5::xid8[], $6::text[], $7::text[], $8::bigint[], $9::text[],
                         $10::jsonb[], $11::jsonb[], $12::timestamptz[], $13::text[], $14::text[]) as e
           on conflict (relay, id) do update
              set reason = excluded.reason, detail = excluded.detail, attempts = d.attempts + 1, request = null,
                  refused_at = clock_timestamp()
            where excluded.reason is not null)
         select 1 from leader`,
        [relay, epoch, ...columnsOf(events)],
      );
      if (rowCount !== 1) throw leaseLost(relay, epoch);
    },

    async releasableKeys() {
      const { rows } = await pool.query<{ type: string; key: string }>(
        `select type, key
           from (select distinct on (aggregate_type, aggregate_id) aggregate_type as type, aggregate_id as key, reason, request
                   from outbox_dead_letter
                  where relay = $1
                  order by aggregate_type, aggregate_id, seq) oldest
          where reason is null or request is not null`,
        [relay],
      );
      return rows.map(keyOf);
    },

    async ofKey(key, limits) {
      const [type, id] = JSON.parse(key);
      const { rows } = await pool.query<LetterRow>({
        text: `select position, id, transaction_id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers,
                      to_char(created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' as created_at,
                      reason is not null as is_refused, request
                 from (select *, row_number() over by_seq as nth,
                              sum($6 + octet_length(aggregate_id) + octet_length(payload::text) + octet_length(headers::text))
                                over by_seq as bytes
                         from (select * from outbox_dead_letter
                                where relay = $1 and aggregate_type = $2 and aggregate_id = $3
                                order by seq limit $4) oldest
                       window by_seq as (order by seq)) summed
                where nth = 1 or bytes <= $5
                order by seq`,
        values: [relay, type, id, limits.events, limits.bytes, EVENT_OVERHEAD_BYTES],
        types: asText,
      });
      return rows.map((row) => ({
        event: toEvent(row),
        isRefused: row.is_refused === "t",
        request: row.request ?? undefined,
      }));
    },

    async remove(ids, epoch) {
      const { rowCount } = await pool.query(
        `with leader as materialized ${ifLeader}, removed as (
           delete from outbox_dead_letter using leader where relay = $1 and id = any($3::uuid[]))
         select 1 from leader`,
        [relay, epoch, ids],
      );
      if (rowCount !== 1) throw leaseLost(relay, epoch);
    },
  };
}

function keyOf({ type, key }: { type: string; key: string }): string {
  return orderingKey({ aggregateType: type, key: Buffer.from(key) });
}

/** In the order of the statement's parameters. */
function columnsOf(events: readonly ParkedEvent[]): (string | null)[][] {
  const column = (value: (parked: ParkedEvent) => string | null) => events.map(value);
  return [
    column(({ event }) => event.position),
    column(({ event }) => event.id),
    column(({ event }) => event.transactionId),
    column(({ event }) => event.aggregateType),
    column(({ event }) => event.key.toString()),
    column(({ event }) => event.aggregateVersion),
    column(({ event }) => event.eventType),
    column(({ event }) => event.payload.toString()),
    column(({ event }) => event.headers),
    column(({ event }) => event.createdAt),
    column(({ refusal }) => refusal?.reason ?? null),
    column(({ refusal }) => refusal?.detail ?? null),
  ];
}
