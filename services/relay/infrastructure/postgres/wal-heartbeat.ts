import type { Pool } from "pg";
import type { Heartbeat } from "../../application/heartbeat.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { Tick } from "../../domain/tick.ts";
import { publicationIdentity } from "./publication-identity.ts";
import type { SlotOptions } from "./replication-slot.ts";

export const TICK_PREFIX = "outbox-relay";

/**
 * A tick is a transactional logical message: it moves the slot even when only other tables are written, and carries a
 * snapshot taken inside its transaction.
 */
export function createWalHeartbeat(
  pool: Pool,
  relay: string,
  { publication: name, table }: Pick<SlotOptions, "publication" | "table">,
): Heartbeat {
  return {
    async tick(id, publication) {
      // One statement, so one snapshot: what it sees was written under the publication that it sees.
      const { rows } = await pool.query<{ snapshot: string }>(
        `select pg_logical_emit_message(true, $1, json_build_object(
           'relay', $2::text, 'tick', $3::text, 'snapshot', pg_current_snapshot()::text,
           'at', extract(epoch from clock_timestamp()))::text), pg_current_snapshot()::text as snapshot
          where $4::text is null or $4 = ${publicationIdentity("$5", "$6", "$7")}`,
        [TICK_PREFIX, relay, id, publication ?? null, name, table.schema, table.name],
      );
      const [written] = rows;
      if (written) return written.snapshot;
      throw new RelayError(
        "PUBLICATION_INCOMPLETE",
        `publication ${name} was changed; what was written meanwhile may be missing from the WAL`,
      );
    },
  };
}

/** The tick in a logical message's content, or undefined when it is another relay's or not a tick. */
export function parseTick(content: string, relay: string): Tick | undefined {
  const message = parseObject(content);
  if (message?.relay !== relay) return undefined;
  const { tick, snapshot } = message;
  return typeof tick === "string" && typeof snapshot === "string" ? { id: tick, snapshot } : undefined;
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
