import type { ClientBase } from "pg";
import { type Lsn, parseLsn } from "../../domain/lsn.ts";

/** Creating a slot waits for all running write transactions; longer than this is left to the next try. */
const CREATE_TIMEOUT_MS = 10_000;
const FAILOVER_SINCE = 170_000;

/**
 * On a session that is not used for anything else afterwards, for its timeouts stay. A slot that is still being made when its session
 * ends is dropped by the server: none is left behind.
 */
export async function makeSlot(session: Pick<ClientBase, "query">, slot: string): Promise<Lsn> {
  const { rows: settings } = await session.query(
    "select current_setting('server_version_num')::int as version",
  );
  const failover = settings[0].version >= FAILOVER_SINCE ? ", failover => true" : "";
  await session.query(
    `set lock_timeout = ${CREATE_TIMEOUT_MS}; set statement_timeout = ${CREATE_TIMEOUT_MS}`,
  );
  const { rows } = await session.query(
    `select lsn::text from pg_create_logical_replication_slot($1, 'pgoutput', false, false${failover})`,
    [slot],
  );
  return parseLsn(rows[0].lsn);
}
