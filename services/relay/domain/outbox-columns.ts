/** What the relay reads of a row. A table may name them otherwise (RELAY_COLUMNS). */
export const OUTBOX_COLUMNS = [
  "position",
  "id",
  "transaction_id",
  "aggregate_type",
  "aggregate_id",
  "aggregate_version",
  "event_type",
  "payload",
  "headers",
  "created_at",
] as const;

export type OutboxColumn = (typeof OUTBOX_COLUMNS)[number];

/** Those that a table has under a name of its own. */
export type ColumnNames = Readonly<Partial<Record<OutboxColumn, string>>>;

/** The outbox, as it is in the database. */
export interface OutboxTableName {
  readonly schema: string;
  readonly name: string;
  readonly columns?: ColumnNames | undefined;
}

/** How the table names the column. */
export function columnName({ columns }: OutboxTableName, column: OutboxColumn): string {
  return columns?.[column] ?? column;
}
