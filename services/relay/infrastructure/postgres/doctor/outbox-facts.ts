import type {
  PartitionFacts,
  PublicationFacts,
  TableFacts,
} from "../../../application/doctor/postgres-facts.ts";
import { columnName, type OutboxTableName } from "../../../domain/outbox-columns.ts";
import type { DoctorQueries } from "./doctor-queries.ts";
import { oidOf } from "./oid-of.ts";

interface TableName {
  readonly schema: string;
  readonly name: string;
}

export async function readTable(
  queries: DoctorQueries,
  table: OutboxTableName,
): Promise<TableFacts | undefined> {
  const [found] = await queries.all<{
    kind: string;
    identity: string;
    columns: { name: string; type: string; notNull: boolean }[];
    indexed: boolean;
    keyed: boolean;
  }>(
    `select c.relkind as kind, c.relreplident as identity,
            (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null), 'notNull', a.attnotnull or
                             exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
                                        and pg_get_expr(k.conbin, k.conrelid) = format('(%I IS NOT NULL)', a.attname))))
               from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            exists (select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                     where i.indrelid = c.oid and i.indisvalid and i.indpred is null and a.attname = $3) as indexed,
            exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) as keyed
       from pg_class c
      where c.oid = ${oidOf("$1", "$2")} and c.relkind in ('r', 'p')`,
    [table.schema, table.name, columnName(table, "transaction_id")],
  );
  return (
    found && {
      isPartitioned: found.kind === "p",
      columns: found.columns ?? [],
      hasTransactionIndex: found.indexed,
      hasPrimaryKey: found.keyed,
      replicaIdentity: found.identity,
    }
  );
}

/** The rows of the default partition are what the server's statistics tell of; the relay's role may not read it. */
export async function readPartitions(
  queries: DoctorQueries,
  { schema, name }: TableName,
): Promise<PartitionFacts> {
  const rows = await queries.all<{
    partition: string;
    is_default: boolean;
    rows: number;
    from_ms: number | null;
    to_ms: number | null;
    now_ms: number;
  }>(
    `select c.oid::regclass::text as partition, bound = 'DEFAULT' as is_default,
            case when pg_relation_size(c.oid) = 0 then 0 else coalesce(pg_stat_get_live_tuples(c.oid), 0) end::int as rows,
            extract(epoch from substring(bound from $$FROM \\('([^']+)'\\)$$)::timestamptz)::float8 * 1000 as from_ms,
            extract(epoch from substring(bound from $$TO \\('([^']+)'\\)$$)::timestamptz)::float8 * 1000 as to_ms,
            extract(epoch from clock_timestamp())::float8 * 1000 as now_ms
       from pg_inherits i
       join pg_class c on c.oid = i.inhrelid,
            pg_get_expr(c.relpartbound, c.oid) as bound
      where i.inhparent = ${oidOf("$1", "$2")}
      order by from_ms`,
    [schema, name],
  );
  const byDefault = rows.find(({ is_default }) => is_default);
  const now = rows[0]?.now_ms ?? 0;
  let end = now;
  for (const { from_ms: from, to_ms: to } of rows)
    if (from !== null && to !== null && from <= end && to > end) end = to;
  return {
    defaultPartition: byDefault && { name: byDefault.partition, rows: byDefault.rows },
    ahead: end === now ? undefined : end - now,
  };
}

export async function readPublication(
  queries: DoctorQueries,
  publication: string,
  { schema, name }: TableName,
): Promise<PublicationFacts | undefined> {
  const [found] = await queries.all<{
    inserts: boolean;
    others: string[];
    via_root: boolean;
    has_table: boolean;
    has_filter: boolean;
    missing: string[] | null;
  }>(
    `select p.pubinsert as inserts, p.pubviaroot as via_root,
            array_remove(array[case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
                               case when p.pubtruncate then 'truncate' end], null) as others,
            t.pubname is not null as has_table, t.rowfilter is not null as has_filter,
            (select array_agg(a.attname::text order by a.attnum)
               from pg_attribute a
              where a.attrelid = ${oidOf("$2", "$3")} and a.attnum > 0 and not a.attisdropped
                and a.attname <> all (t.attnames)) as missing
       from pg_publication p
       left join pg_publication_tables t on t.pubname = p.pubname and t.schemaname = $2
             and (t.tablename = $3
                  or t.tablename in (select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                                      where i.inhparent = ${oidOf("$2", "$3")}))
      where p.pubname = $1
      limit 1`,
    [publication, schema, name],
  );
  return (
    found && {
      hasTable: found.has_table,
      publishesInserts: found.inserts,
      otherOperations: found.others,
      viaRoot: found.via_root,
      hasRowFilter: found.has_filter,
      missingColumns: found.missing ?? [],
    }
  );
}
