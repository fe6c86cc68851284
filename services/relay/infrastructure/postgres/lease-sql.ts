/** SQL: what is locked for the lease of the relay named by `$1`. */
export const LEASE_KEY = "hashtextextended('outbox-relay ' || $1, 0)";

/** SQL: whether the row `l` of pg_locks is that lease, held. */
export const IS_HELD_LEASE = `l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.classid::bigint << 32) | l.objid::bigint = ${LEASE_KEY}`;

/** SQL: whether a relay named by `$1` leads. */
export const LEASE_IS_HELD = `exists (select from pg_locks l where ${IS_HELD_LEASE})`;
