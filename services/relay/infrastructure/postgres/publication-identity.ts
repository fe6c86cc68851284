/**
 * A text that is another one after every change of what the publication sends of the table: object ids, and the transactions that
 * wrote the catalog rows. A publication that was changed and changed back has another identity, for what was written meanwhile
 * is not decoded: without a word, unless the publication was missing altogether.
 *
 * An expression of SQL; its parameters are the publication, and the table's schema and name.
 */
export function publicationIdentity(publication: string, schema: string, table: string): string {
  return `(
    select concat_ws(' ', p.oid, p.xmin, c.oid, r.oid, r.xmin,
                     (select string_agg(n.oid || ':' || n.xmin, ' ' order by n.oid)
                        from pg_publication_namespace n where n.pnpubid = p.oid))
      from pg_publication p
     cross join pg_class c
      join pg_namespace s on s.oid = c.relnamespace
      left join pg_publication_rel r on r.prpubid = p.oid and r.prrelid = c.oid
     where p.pubname = ${publication}::text and s.nspname = ${schema}::text and c.relname = ${table}::text)`;
}
