import type { Pool } from "pg";
import {
  NO_CONTROL,
  type RelayControl,
  type RelayControls,
  type RelayMode,
  type Wish,
} from "../../application/relay-control.ts";
import { RelayError } from "../../application/relay-error.ts";

interface ControlRow {
  readonly revision: string;
  readonly followed_revision: string | null;
  readonly paused: boolean;
  readonly paused_by: string | null;
  readonly pause_reason: string | null;
  readonly mode: RelayMode | null;
  readonly mode_by: string | null;
  readonly mode_reason: string | null;
}

const COLUMNS = "revision, followed_revision, paused, paused_by, pause_reason, mode, mode_by, mode_reason";

export function createControlRepository(pool: Pool, relay: string): RelayControls {
  async function one(text: string, values: readonly unknown[]): Promise<RelayControl> {
    try {
      const { rows } = await pool.query<ControlRow>(text, [...values]);
      return toControl(rows[0]);
    } catch (error) {
      throw migrationMissing(error);
    }
  }

  return {
    begin: (configured) =>
      one(
        `insert into relay_control (relay, configured_mode) values ($1, $2)
         on conflict (relay) do update set configured_mode = excluded.configured_mode
         returning ${COLUMNS}`,
        [relay, configured],
      ),
    read: () => one(`select ${COLUMNS} from relay_control where relay = $1`, [relay]),
    async noteFollowed(revision, epoch) {
      await pool.query(
        `update relay_control set followed_revision = $2
          where relay = $1 and exists (select from relay_checkpoint where relay = $1 and epoch = $3)`,
        [relay, revision, epoch],
      );
    },
  };
}

/** Somebody may have deleted the row: that is as if nobody had wished for anything. */
function toControl(row: ControlRow | undefined): RelayControl {
  if (!row) return NO_CONTROL;
  return {
    revision: BigInt(row.revision),
    followed: row.followed_revision === null ? undefined : BigInt(row.followed_revision),
    pause: row.paused ? wish(row.paused_by, row.pause_reason) : undefined,
    mode: row.mode === null ? undefined : { mode: row.mode, ...wish(row.mode_by, row.mode_reason) },
  };
}

/** By SQL, without a name, somebody may have set it as well. */
function wish(by: string | null, reason: string | null): Wish {
  return { by: by ?? "somebody", reason: reason ?? undefined };
}

const UNDEFINED_TABLE = "42P01";
const INSUFFICIENT_PRIVILEGE = "42501";

function migrationMissing(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code !== UNDEFINED_TABLE && code !== INSUFFICIENT_PRIVILEGE) return error;
  const help =
    code === UNDEFINED_TABLE
      ? "migration 0005 is missing: npm run migrate, then run sql/roles.sql"
      : "run sql/roles.sql, which grants it";
  return new RelayError("MIGRATION_MISSING", `relay_control cannot be read; ${help}`, { cause: error });
}
