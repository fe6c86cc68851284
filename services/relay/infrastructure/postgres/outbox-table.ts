import type { Pool, PoolClient } from "pg";
import Cursor from "pg-cursor";
import type { OpenDrain, OutboxTable } from "../../application/outbox-table.ts";
import { RelayError } from "../../application/relay-error.ts";
import { columnName, OUTBOX_COLUMNS, type OutboxTableName } from "../../domain/outbox-columns.ts";
import { columnsMissing, outboxRelation } from "./outbox-relation.ts";
import { asText, type OutboxRow, toEvent } from "./outbox-row.ts";

const UNDEFINED_COLUMN = "42703";
/** The first page of a big backlog may have to sort it. */
const READ_TIMEOUT_MS = 60_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** Nothing is lost with it: the transaction only reads. */
const CLOSE_TIMEOUT_MS = 3_000;

export function createOutboxTable(pool: Pool, table: OutboxTableName): OutboxTable {
  const outbox = outboxRelation(table);
  const columns = OUTBOX_COLUMNS.join(", ");

  /** Postgres tells of one column, and by the relay's name of none. */
  async function explained(error: unknown, client: PoolClient): Promise<unknown> {
    if ((error as { code?: unknown }).code !== UNDEFINED_COLUMN) return error;
    await client.query("rollback");
    const names = OUTBOX_COLUMNS.map((column) => columnName(table, column));
    const { rows } = await client.query<{ name: string }>(
      `select name from unnest($3::text[]) with ordinality wanted (name, nth)
        where not exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
                           where n.nspname = $1 and c.relname = $2 and a.attname = name and a.attnum > 0 and not a.attisdropped)
        order by nth`,
      [table.schema, table.name, names],
    );
    const missing = rows.map(({ name }) => name);
    return new RelayError("COLUMN_MISSING", columnsMissing(table, missing), { cause: error });
  }

  return {
    async openDrain(published, resume) {
      const client = await pool.connect();
      try {
        // The transaction's snapshot is what the cursor sees and what pg_current_snapshot() tells.
        const begun = begin(client, resume?.snapshot);
        const snapshot = await answered(begun, client, STATEMENT_TIMEOUT_MS);
        const resumed = "and pg_visible_in_snapshot(transaction_id, $2) and position > $3";
        const cursor = client.query(
          new Cursor<OutboxRow>(
            `select ${columns} from ${outbox} o
              where transaction_id >= pg_snapshot_xmin($1) and not pg_visible_in_snapshot(transaction_id, $1)
                    ${resume ? resumed : ""}
              order by position`,
            resume ? [published, resume.snapshot, resume.position] : [published],
            { types: asText },
          ),
        );
        return openDrain(client, cursor, snapshot, (error) => explained(error, client));
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
  };
}

/** What pg does not declare: the protocol connection below its Client. */
interface ProtocolConnection extends NodeJS.EventEmitter {
  readonly stream: { readonly destroyed: boolean; destroy(): void };
}

/**
 * Rejects when the connection is gone, which pg-cursor tells of only in the middle of a read: it would wait for ever. A server that is
 * cut off without a word answers never either: then the connection is dropped.
 */
async function answered<T>(work: Promise<T>, client: PoolClient, withinMs: number): Promise<T> {
  const { connection } = client as unknown as { connection: ProtocolConnection };
  const failed = Promise.withResolvers<never>();
  const onEnd = () => failed.reject(new Error("the database connection of a drain is gone"));
  connection.once("end", onEnd);
  if (connection.stream.destroyed) onEnd();
  const timer = setTimeout(() => {
    failed.reject(new Error(`the database has not answered a drain within ${withinMs / 1000} s`));
    connection.stream.destroy();
  }, withinMs);
  try {
    return await Promise.race([work, failed.promise]);
  } finally {
    clearTimeout(timer);
    connection.removeListener("end", onEnd);
    work.catch(() => {}); // when it comes too late
  }
}

/** Gives the snapshot that the drain goes by. */
async function begin(client: PoolClient, resumed: string | undefined): Promise<string> {
  await client.query("begin isolation level repeatable read read only");
  await client.query("set local datestyle to iso; set local timezone to 'UTC'");
  if (resumed !== undefined) return resumed;
  const { rows } = await client.query("select pg_current_snapshot()::text as snapshot");
  return rows[0].snapshot;
}

function openDrain(
  client: PoolClient,
  cursor: Cursor<OutboxRow>,
  snapshot: string,
  explained: (error: unknown) => Promise<unknown>,
): OpenDrain {
  let reading: Promise<unknown> = Promise.resolve();
  return {
    snapshot,
    read(limit) {
      const page = answered(cursor.read(limit), client, READ_TIMEOUT_MS).then(
        (rows) => rows.map(toEvent),
        async (error) => {
          throw await explained(error);
        },
      );
      reading = page.catch(() => {});
      return page;
    },
    async close() {
      await reading;
      try {
        await answered(cursor.close(), client, CLOSE_TIMEOUT_MS);
        await answered(client.query("commit"), client, CLOSE_TIMEOUT_MS);
        client.release();
      } catch {
        client.release(true);
      }
    },
  };
}
