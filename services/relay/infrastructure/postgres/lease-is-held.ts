/** SQL: whether a relay named by `$1` leads (the session lock of advisory-lease.ts). */
export const LEASE_IS_HELD = `exists (
  select from pg_locks
   where locktype = 'advisory' and granted and objsubid = 1
     and database = (select oid from pg_database where datname = current_database())
     and (classid::bigint << 32) | objid::bigint = hashtextextended('outbox-relay ' || $1, 0))`;
