import type { Pool } from "pg";
import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { PreparedSlot, ReplicationSlot } from "../../application/replication-slot.ts";
import { formatLsn, type Lsn, parseLsn } from "../../domain/lsn.ts";
import { makeSlot } from "./make-slot.ts";
import { publicationIdentity } from "./publication-identity.ts";
import { walError } from "./wal-errors.ts";
import { checkPublication, checkWalLevel, type PublishedTable } from "./wal-prerequisites.ts";

export interface SlotOptions extends PublishedTable {
  readonly slot: string;
}

interface SlotRow {
  readonly plugin: string;
  readonly database: string;
  readonly is_here: boolean;
  readonly active_pid: number | null;
  readonly wal_status: string;
  readonly confirmed_flush_lsn: string;
}

const FREE_TIMEOUT_MS = 5_000;
const READ_BACK_TIMEOUT_MS = 3_000;

/** The logical replication slot and the publication that it reads through. */
export function createReplicationSlot(pool: Pool, options: SlotOptions, log: Logger): ReplicationSlot {
  const { slot, publication, table } = options;

  async function find(): Promise<SlotRow | undefined> {
    const { rows } = await pool.query<SlotRow>(
      `select plugin, database, database = current_database() as is_here, active_pid, wal_status, confirmed_flush_lsn::text
         from pg_replication_slots where slot_name = $1`,
      [slot],
    );
    return rows[0];
  }

  async function create(signal: AbortSignal): Promise<Lsn> {
    const client = await pool.connect();
    const cancel = () => void pool.query("select pg_cancel_backend($1)", [pid]).catch(() => {});
    let pid = 0;
    try {
      const { rows } = await client.query("select pg_backend_pid() as pid");
      pid = rows[0].pid;
      signal.addEventListener("abort", cancel, { once: true });
      signal.throwIfAborted();
      const lsn = await makeSlot(client, slot);
      log.info({ slot, lsn: formatLsn(lsn) }, "made the replication slot");
      return lsn;
    } finally {
      signal.removeEventListener("abort", cancel);
      client.release(true);
    }
  }

  /** We hold the lease, so whoever streams from the slot is a leader that is gone, frozen or cut off. */
  async function free(pid: number): Promise<void> {
    log.warn({ slot, pid }, "ending the walsender that still holds the slot");
    await pool.query("select pg_terminate_backend($1)", [pid]);
    if (!(await inactive(FREE_TIMEOUT_MS))) {
      throw new RelayError("SLOT_IN_USE", `slot ${slot} is still active for PID ${pid}`);
    }
  }

  async function inactive(timeoutMs: number): Promise<SlotRow | undefined> {
    const deadline = AbortSignal.timeout(timeoutMs);
    while (!deadline.aborted) {
      const row = await find();
      if (row?.active_pid === null) return row;
      await delay(20, deadline);
    }
    return undefined;
  }

  async function drop(why: string): Promise<void> {
    log.warn({ slot, why }, "dropping the slot, to make it anew");
    await pool.query("select pg_drop_replication_slot($1)", [slot]);
  }

  async function prepare(
    confirmedLsn: Lsn,
    { anew, publication: readThrough, signal }: Parameters<ReplicationSlot["prepare"]>[1],
  ): Promise<PreparedSlot> {
    await checkWalLevel(pool);
    // Before the slot: what is written while there is no publication cannot be decoded later.
    const identity = await checkPublication(pool, options);
    const make = async () => ({
      confirmedFlushLsn: await create(signal),
      complete: false,
      publication: identity,
    });
    const found = await find();
    if (!found) return make();
    if (found.plugin !== "pgoutput" || !found.is_here) {
      const what = `plugin ${found.plugin}, database ${found.database}`;
      throw new RelayError("SLOT_WRONG", `slot ${slot} belongs to something else (${what}); set RELAY_SLOT`);
    }
    if (found.active_pid !== null) await free(found.active_pid);
    const isLost = found.wal_status === "lost";
    const isOther = readThrough !== undefined && readThrough !== identity;
    if (anew || isLost || isOther) {
      await drop(isLost ? "it was invalidated" : "the publication is not the one that it was read through");
      return make();
    }
    const confirmedFlushLsn = parseLsn(found.confirmed_flush_lsn);
    const complete = confirmedFlushLsn <= confirmedLsn;
    if (!complete) {
      const fields = { slot: formatLsn(confirmedFlushLsn), checkpoint: formatLsn(confirmedLsn) };
      log.warn(fields, "the slot is ahead of the checkpoint: somebody made it anew or moved it");
    }
    return { confirmedFlushLsn, complete, publication: identity };
  }

  return {
    async prepare(confirmedLsn, options) {
      try {
        return await prepare(confirmedLsn, options);
      } catch (error) {
        throw walError(error);
      }
    },
    async position() {
      const row = await find();
      return row && parseLsn(row.confirmed_flush_lsn);
    },
    async publication() {
      const { rows } = await pool.query(`select ${publicationIdentity("$1", "$2", "$3")} as identity`, [
        publication,
        table.schema,
        table.name,
      ]);
      return rows[0]?.identity ?? undefined;
    },
    async readBack() {
      const row = await inactive(READ_BACK_TIMEOUT_MS);
      return row && parseLsn(row.confirmed_flush_lsn);
    },
  };
}
