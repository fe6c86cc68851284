import { randomUUID } from "node:crypto";
import type { ClientBase, Pool } from "pg";

export interface RowOptions {
  readonly aggregateId?: string;
  readonly version?: number;
  readonly payload?: string;
  readonly headers?: string;
}

/** Inserts one outbox row and returns its event id. */
export async function insertRow(client: ClientBase | Pool, options: RowOptions = {}): Promise<string> {
  const id = randomUUID();
  await client.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers)
     values ($1, 'order', $2, $3, 'OrderCreated', $4, $5)`,
    [
      id,
      options.aggregateId ?? randomUUID(),
      options.version ?? 1,
      options.payload ?? "{}",
      options.headers ?? "{}",
    ],
  );
  return id;
}

/** Inserts `count` rows in one statement, over `keys` aggregates whose versions go up from `firstVersion`. */
export async function insertRows(
  client: ClientBase | Pool,
  options: {
    readonly count: number;
    readonly keys?: number;
    readonly firstVersion?: number;
    readonly payloadBytes?: number;
  },
): Promise<void> {
  await client.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
     select gen_random_uuid(), 'order', 'key-' || (i % $2), $3 + i / $2, 'OrderCreated',
            jsonb_build_object('i', i, 'pad', repeat('x', $4))
       from generate_series(0, $1 - 1) i`,
    [options.count, options.keys ?? 10, options.firstVersion ?? 1, options.payloadBytes ?? 10],
  );
}
