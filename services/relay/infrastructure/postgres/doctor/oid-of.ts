/**
 * An expression of SQL: a table's object id from its schema and name, null when there is none. Unlike to_regclass it needs no right
 * on the schema.
 */
export const oidOf = (schema: string, name: string) =>
  `(select c.oid from pg_class c join pg_namespace s on s.oid = c.relnamespace where s.nspname = ${schema} and c.relname = ${name})`;
