import type { Audit } from "../../application/operations/audit.ts";
import type { ControlDesk, DatedWish } from "../../application/operations/control-desk.ts";
import type { RelayMode } from "../../application/relay-control.ts";
import type { ReadingMode } from "../../application/relay-history.ts";
import { AUDIT_COLUMNS, auditValues } from "./audit-values.ts";
import { LEASE_IS_HELD } from "./lease-sql.ts";
import type { OperatorConnection } from "./operator-connection.ts";

interface StandingRow {
  readonly paused: boolean | null;
  readonly paused_by: string | null;
  readonly paused_at: Date | null;
  readonly pause_reason: string | null;
  readonly mode: RelayMode | null;
  readonly mode_by: string | null;
  readonly mode_at: Date | null;
  readonly mode_reason: string | null;
  readonly configured_mode: RelayMode | null;
  readonly actual: ReadingMode | null;
  readonly is_led: boolean;
  readonly is_followed: boolean;
}

export function createControlDesk(connection: Pick<OperatorConnection, "query">, relay: string): ControlDesk {
  /** `values` begin at $6; those of the audit stand before. */
  async function change(
    assignments: string,
    isNews: string,
    values: readonly unknown[],
    audit: Audit,
  ): Promise<boolean> {
    // Says nothing by itself.
    await connection.query("insert into relay_control (relay) values ($1) on conflict do nothing", [relay]);
    const rows = await connection.query(
      `with changed as (
         update relay_control set ${assignments}, revision = revision + 1 where relay = $1 and ${isNews} returning relay)
       insert into relay_history (relay, ${AUDIT_COLUMNS}) select relay, $2, $3, $4, $5 from changed returning relay`,
      [relay, ...auditValues(audit), ...values],
    );
    return rows.length > 0;
  }

  return {
    async standing() {
      const [row] = await connection.query<StandingRow>(
        `select paused, paused_by, paused_at, pause_reason, w.mode, mode_by, mode_at, mode_reason, configured_mode,
                c.mode as actual, ${LEASE_IS_HELD} as is_led, coalesce(revision = followed_revision, false) as is_followed
           from relay_checkpoint c left join relay_control w using (relay)
          where relay = $1`,
        [relay],
      );
      const override = row?.mode
        ? { mode: row.mode, ...wish(row.mode_by, row.mode_at, row.mode_reason) }
        : undefined;
      return {
        pause: row?.paused ? wish(row.paused_by, row.paused_at, row.pause_reason) : undefined,
        override,
        configured: row?.configured_mode ?? undefined,
        actual: row?.actual ?? undefined,
        isLed: row?.is_led ?? false,
        isFollowed: row?.is_followed ?? false,
      };
    },

    setPaused: (paused, reason, audit) =>
      change(
        `paused = $6, paused_by = case when $6 then $2::text end, paused_at = case when $6 then clock_timestamp() end,
         pause_reason = case when $6 then $7::text end`,
        "paused <> $6",
        [paused, reason ?? null],
        audit,
      ),

    setMode: (mode, reason, audit) =>
      change(
        `mode = $6, mode_by = case when $6::text is not null then $2::text end,
         mode_at = case when $6 is not null then clock_timestamp() end,
         mode_reason = case when $6 is not null then $7::text end`,
        "mode is distinct from $6",
        [mode ?? null, reason ?? null],
        audit,
      ),
  };
}

function wish(by: string | null, at: Date | null, reason: string | null): DatedWish {
  return { by: by ?? "somebody", at: at ?? new Date(0), reason: reason ?? undefined };
}
