import type { Pool } from "pg";
import type { Checkpoint, CheckpointStore } from "../../application/checkpoint-store.ts";
import { RelayError } from "../../application/relay-error.ts";
import { formatLsn, parseLsn } from "../../domain/lsn.ts";

/** The relay's row in relay_checkpoint; the lease has made it when it is loaded. */
export function createCheckpointRepository(pool: Pool, relay: string): CheckpointStore {
  return {
    async load() {
      const { rows } = await pool.query(
        `select published::text, drain_snapshot::text, drain_position::text, published_offsets,
                confirmed_lsn::text, confirmed_offsets
           from relay_checkpoint where relay = $1`,
        [relay],
      );
      const [row] = rows;
      if (!row) throw new RelayError("LEASE_LOST", `relay_checkpoint has no row for relay ${relay} any more`);
      return {
        published: row.published,
        drain:
          row.drain_snapshot === null
            ? undefined
            : { snapshot: row.drain_snapshot, position: row.drain_position },
        publishedOffsets: row.published_offsets,
        confirmedLsn: parseLsn(row.confirmed_lsn),
        confirmedOffsets: row.confirmed_offsets,
      } satisfies Checkpoint;
    },

    async save(checkpoint, epoch) {
      const { rowCount } = await pool.query(
        `update relay_checkpoint
            set published = $3, drain_snapshot = $4, drain_position = $5, published_offsets = $6,
                confirmed_lsn = $7, confirmed_offsets = $8, updated_at = clock_timestamp()
          where relay = $1 and epoch = $2`,
        [
          relay,
          epoch,
          checkpoint.published,
          checkpoint.drain?.snapshot ?? null,
          checkpoint.drain?.position ?? null,
          JSON.stringify(checkpoint.publishedOffsets),
          formatLsn(checkpoint.confirmedLsn),
          JSON.stringify(checkpoint.confirmedOffsets),
        ],
      );
      if (rowCount !== 1) {
        throw new RelayError("LEASE_LOST", `another relay ${relay} has taken over since epoch ${epoch}`);
      }
    },
  };
}
