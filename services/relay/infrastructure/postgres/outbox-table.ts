import type { Pool, PoolClient } from "pg";
import { escapeIdentifier } from "pg";
import Cursor from "pg-cursor";
import type { OpenDrain, OutboxTable } from "../../application/outbox-table.ts";
import { asText, type OutboxRow, toEvent } from "./outbox-row.ts";
import { OUTBOX_COLUMNS } from "./pgoutput-decoder.ts";

/** The first page of a big backlog may have to sort it. */
const READ_TIMEOUT_MS = 60_000;

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
          new Cursor<OutboxRow>(
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

/** A server that is cut off without a word answers never: then the connection is dropped, and the read rejects. */
async function answered<T>(reading: Promise<T>, client: PoolClient): Promise<T> {
  const { stream } = (client as unknown as { connection: { stream: { destroy(error: Error): void } } })
    .connection;
  const error = new Error(`no answer to a page of the outbox within ${READ_TIMEOUT_MS / 1000} s`);
  const timer = setTimeout(() => stream.destroy(error), READ_TIMEOUT_MS);
  try {
    return await reading;
  } finally {
    clearTimeout(timer);
  }
}

async function currentSnapshot(client: PoolClient): Promise<string> {
  const { rows } = await client.query("select pg_current_snapshot()::text as snapshot");
  return rows[0].snapshot;
}

function openDrain(client: PoolClient, cursor: Cursor<OutboxRow>, snapshot: string): OpenDrain {
  let reading: Promise<unknown> = Promise.resolve();
  return {
    snapshot,
    read(limit) {
      const page = answered(cursor.read(limit), client).then((rows) => rows.map(toEvent));
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
