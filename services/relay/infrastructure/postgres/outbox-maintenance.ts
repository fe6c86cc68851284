import type { Pool } from "pg";
import type { Maintenance } from "../../application/maintenance.ts";

/** Daily partitions are made this many days ahead: a relay that is down for a week-end is no reason to fill the default one. */
const DAYS_AHEAD = 7;

/** Both are functions of the owner's: the relay owns nothing. */
export function createOutboxMaintenance(pool: Pool, retentionHours: number): Maintenance {
  async function dropOne(): Promise<string | undefined> {
    if (retentionHours === 0) return undefined;
    const { rows } = await pool.query(
      "select outbox_drop_partition(make_interval(hours => $1)) as partition",
      [retentionHours],
    );
    return rows[0].partition ?? undefined;
  }

  return {
    async run() {
      const { rows } = await pool.query("select outbox_make_partitions($1) as count", [DAYS_AHEAD]);
      const dropped: string[] = [];
      for (let name = await dropOne(); name; name = await dropOne()) dropped.push(name);
      return { made: rows[0].count, dropped };
    },
  };
}
