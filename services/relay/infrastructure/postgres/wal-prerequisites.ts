import type { ClientBase } from "pg";
import { RelayError } from "../../application/relay-error.ts";
import { publicationIdentity } from "./publication-identity.ts";

export interface PublishedTable {
  readonly publication: string;
  readonly table: { readonly schema: string; readonly name: string };
}

type Database = Pick<ClientBase, "query">;

/** @throws RelayError WAL_LEVEL */
export async function checkWalLevel(database: Database): Promise<void> {
  const { rows } = await database.query("select current_setting('wal_level') as level");
  if (rows[0].level === "logical") return;
  throw new RelayError("WAL_LEVEL", `wal_level is ${rows[0].level}; set it to logical and restart Postgres`);
}

/**
 * Returns its identity. A misspelt publication is no error to the server: it would decode nothing, and keepalives would go on.
 * @throws RelayError PUBLICATION_INCOMPLETE
 */
export async function checkPublication(
  database: Database,
  { publication, table }: PublishedTable,
): Promise<string> {
  const { rows } = await database.query(
    `select p.pubinsert, t.tablename is not null as has_table, t.rowfilter is not null as has_filter,
            ${publicationIdentity("$1", "$2", "$3")} as identity
       from pg_publication p
       left join pg_publication_tables t
         on t.pubname = p.pubname and t.schemaname = $2 and t.tablename = $3
      where p.pubname = $1`,
    [publication, table.schema, table.name],
  );
  const [found] = rows;
  const name = `${table.schema}.${table.name}`;
  const repair = `create publication ${publication} for table ${name} with (publish = 'insert', publish_via_partition_root = true)`;
  const fault = !found
    ? "does not exist"
    : !found.has_table
      ? `does not have table ${name}`
      : !found.pubinsert
        ? "does not publish inserts"
        : found.has_filter
          ? `publishes only some rows of ${name}`
          : undefined;
  if (!fault) return found.identity;
  throw new RelayError("PUBLICATION_INCOMPLETE", `publication ${publication} ${fault}; expected: ${repair}`);
}
