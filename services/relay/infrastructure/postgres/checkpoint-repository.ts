import type { Pool } from "pg";
import type { Checkpoint, CheckpointStore } from "../../application/checkpoint-store.ts";
import { RelayError } from "../../application/relay-error.ts";
import { formatLsn, parseLsn } from "../../domain/lsn.ts";

/** The relay's row in relay_checkpoint; the lease has made it when it is loaded. */
export function createCheckpointRepository(pool: Pool, relay: string): CheckpointStore {
  return {
    async load() {
      await checkIdentity(pool, relay);
      const { rows } = await pool.query(
        `select published::text, drain_snapshot::text, drain_position::text, published_offsets,
                confirmed_lsn::text, confirmed_offsets, publication
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
        publication: row.publication ?? undefined,
      } satisfies Checkpoint;
    },

    async save(checkpoint, epoch) {
      const { rowCount } = await pool.query(
        `update relay_checkpoint
            set published = $3, drain_snapshot = $4, drain_position = $5, published_offsets = $6,
                confirmed_lsn = $7, confirmed_offsets = $8, publication = $9, updated_at = clock_timestamp()
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
          checkpoint.publication ?? null,
        ],
      );
      if (rowCount !== 1) throw leaseLost(relay, epoch);
    },
  };
}

export function leaseLost(relay: string, epoch: bigint): RelayError {
  return new RelayError("LEASE_LOST", `another relay ${relay} has taken over since epoch ${epoch}`);
}

async function checkIdentity(pool: Pool, relay: string): Promise<void> {
  const { rows } = await pool.query(
    `update relay_checkpoint c
        set system_identifier = coalesce(c.system_identifier, control.system_identifier::text)
       from pg_control_system() control
      where relay = $1
      returning c.system_identifier as known, control.system_identifier::text as found,
                greatest(pg_snapshot_xmax(published), pg_snapshot_xmax(coalesce(drain_snapshot, published)))
                  > pg_snapshot_xmax(pg_current_snapshot()) as is_ahead`,
    [relay],
  );
  const [row] = rows;
  if (!row) return;
  const fault =
    row.known !== row.found
      ? `the checkpoint of relay ${relay} was made in another cluster (system identifier ${row.known}, here ${row.found})`
      : row.is_ahead
        ? `the checkpoint of relay ${relay} is ahead of this database, as after restoring an older state`
        : undefined;
  if (!fault) return;
  throw new RelayError(
    "DATABASE_CHANGED",
    `${fault}; nothing is published until someone decides: \`outbox reset --adopt\` takes all that is in the outbox now ` +
      "as published, `outbox reset --republish` publishes all of it again",
  );
}
