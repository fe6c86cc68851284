import type { QueryResultRow } from "pg";

/** What a pool is asked for by those who only ask: also a person's one connection can answer it. */
export interface Queries {
  query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly rows: Row[] }>;
}
