import type {
  CheckpointFacts,
  RelationFacts,
  RightFacts,
  TransactionFacts,
} from "../../../application/doctor/postgres-facts.ts";
import { leaseApplicationName } from "../advisory-lease.ts";
import type { DoctorQueries } from "./doctor-queries.ts";
import { oidOf } from "./oid-of.ts";
import { relayFunctions, relayRelations } from "./relay-needs.ts";

export async function readRelayTables(queries: DoctorQueries): Promise<RelationFacts[]> {
  const rows = await queries.all<{ name: string; exists: boolean; missing: string[] }>(
    `select n.name, t is not null as exists,
            array(select c from jsonb_array_elements_text(n.columns) c
                   where not exists (select from pg_attribute a
                                      where a.attrelid = t and a.attname = c and not a.attisdropped)) as missing
       from (select *, ${oidOf("'public'", "name")} as t from jsonb_to_recordset($1) as needed(name text, columns jsonb)) n`,
    [JSON.stringify(relayRelations)],
  );
  return rows.map(({ name, exists, missing }) => ({ name, exists, missingColumns: exists ? missing : [] }));
}

export async function readRights(
  queries: DoctorQueries,
  table: { readonly schema: string; readonly name: string },
  role?: string,
): Promise<RightFacts[]> {
  const rows = await queries.all<{ object: string; right: string; exists: boolean; granted: boolean | null }>(
    `with relation as (
       select 'public' as schema, n.name, r as privilege
         from jsonb_to_recordset($1) as n(name text, rights jsonb), jsonb_array_elements_text(n.rights) r
       union all select $2, $3, 'select')
     select 'schema ' || quote_ident(nspname) as object, 'usage' as right, true as exists,
            has_schema_privilege(coalesce($5, current_user), oid, 'usage') as granted
       from pg_namespace where nspname in (select schema from relation)
     union all
     select 'table ' || case schema when 'public' then '' else quote_ident(schema) || '.' end || quote_ident(name), privilege,
            t is not null, has_table_privilege(coalesce($5, current_user), t, privilege)
       from (select *, ${oidOf("schema", "name")} as t from relation) found
     union all
     select 'function ' || f, 'execute', p is not null, has_function_privilege(coalesce($5, current_user), p, 'execute')
       from unnest($4::text[]) f
       left join (select p.oid as p, proname || '(' || oidvectortypes(proargtypes) || ')' as signature
                    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                   where n.nspname = 'public') here on signature = f`,
    [JSON.stringify(relayRelations), table.schema, table.name, relayFunctions, role],
  );
  return rows.map((row) => ({ ...row, granted: row.granted ?? false }));
}

export async function readCheckpoint(
  queries: DoctorQueries,
  relay: string,
): Promise<CheckpointFacts | undefined> {
  const [found] = await queries.all<{
    known: string | null;
    found: string;
    is_ahead: boolean;
    leader: string | null;
    sessions: number;
  }>(
    `select c.system_identifier as known, control.system_identifier::text as found, c.leader,
            greatest(pg_snapshot_xmax(published), pg_snapshot_xmax(coalesce(drain_snapshot, published)))
              > pg_snapshot_xmax(pg_current_snapshot()) as is_ahead,
            (select count(*)::int from pg_stat_activity
              where datname = current_database() and starts_with(application_name, ($2::text::name)::text)) as sessions
       from relay_checkpoint c, pg_control_system() control
      where c.relay = $1`,
    [relay, leaseApplicationName(relay, "")],
  );
  return (
    found && {
      systemIdentifier: found.known ?? undefined,
      foundIdentifier: found.found,
      isAhead: found.is_ahead,
      leader: found.leader ?? undefined,
      sessions: found.sessions,
    }
  );
}

export async function readTransactions(queries: DoctorQueries): Promise<TransactionFacts> {
  const [oldest, { hidden }, prepared] = await Promise.all([
    queries.all<{ pid: number; age: number; user: string }>(
      `select pid, (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as age, usename as user
         from pg_stat_activity
        where backend_type = 'client backend' and (backend_xid is not null or backend_xmin is not null)
          and xact_start is not null
        order by xact_start limit 1`,
    ),
    // The transaction's id and its snapshot are told to everybody, its age is not.
    queries.one<{ hidden: number }>(
      `select count(*)::int as hidden
         from pg_stat_activity
        where datname is not null and (backend_xid is not null or backend_xmin is not null) and xact_start is null`,
    ),
    queries.all<{ gid: string; age: number }>(
      `select gid, (extract(epoch from clock_timestamp() - prepared) * 1000)::float8 as age
         from pg_prepared_xacts order by prepared`,
    ),
  ]);
  return { oldest: oldest[0], hidden, prepared };
}
