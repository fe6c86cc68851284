import type { Pool } from "pg";
import type { RelayHistory } from "../../application/relay-history.ts";

export function createHistoryRepository(pool: Pool, relay: string, leader: string): RelayHistory {
  return {
    async lastMode() {
      const { rows } = await pool.query("select mode from relay_checkpoint where relay = $1", [relay]);
      return rows[0]?.mode ?? undefined;
    },
    async modeChanged({ epoch, from, to, reason }) {
      await pool.query(
        `with changed as (
           update relay_checkpoint set mode = $4 where relay = $1 and epoch = $2 returning relay)
         insert into relay_history (relay, epoch, leader, from_mode, to_mode, reason)
         select relay, $2, $6, $3, $4, $5 from changed`,
        [relay, epoch, from ?? null, to, reason.slice(0, 1_000), leader],
      );
    },
  };
}
