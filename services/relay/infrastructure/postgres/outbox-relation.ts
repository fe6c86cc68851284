import { escapeIdentifier } from "pg";
import { columnName, OUTBOX_COLUMNS, type OutboxTableName } from "../../domain/outbox-columns.ts";

/**
 * SQL: what stands after `from`, and before an alias, to read the outbox by the relay's names of its columns. Where the table has others,
 * it is a subquery that Postgres resolves when it plans: its indexes are used all the same.
 */
export function outboxRelation(table: OutboxTableName): string {
  const name = `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}`;
  if (OUTBOX_COLUMNS.every((column) => columnName(table, column) === column)) return name;
  const columns = OUTBOX_COLUMNS.map(
    (column) => `${escapeIdentifier(columnName(table, column))} as ${column}`,
  );
  return `(select ${columns.join(", ")} from ${name})`;
}

/** In words, with what helps. */
export function columnsMissing({ schema, name }: OutboxTableName, missing: readonly string[]): string {
  return (
    `${schema}.${name} has no column ${missing.join(", ")}; if it has another name, set RELAY_COLUMNS, else add it: ` +
    "docs/operations.md, section 7"
  );
}
