import type { ClientBase, Pool } from "pg";

/** Inserts `count` events of one key, in one statement, whose versions go up from `firstVersion`; returns their ids in order. */
export async function insertKey(
  client: ClientBase | Pool,
  options: {
    readonly key: string;
    readonly type?: string;
    readonly count?: number;
    readonly firstVersion?: number;
    readonly payloadBytes?: number;
  },
): Promise<string[]> {
  const { key, type = "order", count = 1, firstVersion = 1, payloadBytes = 10 } = options;
  const { rows } = await client.query<{ id: string }>(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
     select gen_random_uuid(), $1, $2, $4 + i, 'OrderCreated',
            jsonb_build_object('i', i, 'pad', (select string_agg(md5(random()::text), '') from generate_series(0, $5 / 32)))
       from generate_series(0, $3 - 1) i
     returning id`,
    [type, key, count, firstVersion, payloadBytes],
  );
  return rows.map(({ id }) => id);
}

/** How many letters there are, and how many of them are refused. */
export async function countLetters(pool: Pool): Promise<{ all: number; refused: number }> {
  const { rows } = await pool.query(
    "select count(*)::int as all, count(reason)::int as refused from outbox_dead_letter",
  );
  return rows[0];
}
