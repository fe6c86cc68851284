import type { Pool, PoolClient } from "pg";
import { escapeIdentifier } from "pg";
import Cursor from "pg-cursor";
import type { OpenDrain, OutboxTable } from "../../application/outbox-table.ts";
import { EVENT_OVERHEAD_BYTES, type OutboxEvent } from "../../domain/outbox-event.ts";
import { OUTBOX_COLUMNS } from "./pgoutput-decoder.ts";

type Row = Record<(typeof OUTBOX_COLUMNS)[number], string>;

/** Every value as the text that Postgres sends: nothing is parsed, so nothing is rounded. */
const asText = { getTypeParser: () => (text: string) => text };

export function createOutboxTable(
  pool: Pool,
  table: { readonly schema: string; readonly name: string },
): OutboxTable {
  const name = `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}`;
  const columns = OUTBOX_COLUMNS.join(", ");

  return {
    async openDrain(published, resume) {
      const client = await pool.connect();
      try {
        // The transaction's snapshot is what the cursor sees and what pg_current_snapshot() tells.
        await client.query("begin isolation level repeatable read read only");
        await client.query("set local datestyle to iso; set local timezone to 'UTC'");
        const snapshot = resume?.snapshot ?? (await currentSnapshot(client));
        const resumed = "and pg_visible_in_snapshot(transaction_id, $2) and position > $3";
        const cursor = client.query(
          new Cursor<Row>(
            `select ${columns} from ${name}
              where transaction_id >= pg_snapshot_xmin($1) and not pg_visible_in_snapshot(transaction_id, $1)
                    ${resume ? resumed : ""}
              order by position`,
            resume ? [published, resume.snapshot, resume.position] : [published],
            { types: asText },
          ),
        );
        return openDrain(client, cursor, snapshot);
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
  };
}

async function currentSnapshot(client: PoolClient): Promise<string> {
  const { rows } = await client.query("select pg_current_snapshot()::text as snapshot");
  return rows[0].snapshot;
}

function openDrain(client: PoolClient, cursor: Cursor<Row>, snapshot: string): OpenDrain {
  let reading: Promise<unknown> = Promise.resolve();
  return {
    snapshot,
    read(limit) {
      const page = cursor.read(limit).then((rows) => rows.map(toEvent));
      reading = page.catch(() => {});
      return page;
    },
    async close() {
      await reading;
      try {
        await cursor.close();
        await client.query("commit");
        client.release();
      } catch {
        client.release(true);
      }
    },
  };
}

function toEvent(row: Row): OutboxEvent {
  const key = Buffer.from(row.aggregate_id);
  const payload = Buffer.from(row.payload);
  return {
    position: row.position,
    id: row.id,
    transactionId: row.transaction_id,
    aggregateType: row.aggregate_type,
    key,
    aggregateVersion: row.aggregate_version,
    eventType: row.event_type,
    payload,
    headers: row.headers,
    createdAt: row.created_at,
    bytes: EVENT_OVERHEAD_BYTES + key.length + payload.length + row.headers.length,
  };
}
