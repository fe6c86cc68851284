import type { Scene } from "./scene.ts";

const KEYS = 1_000;

/** Rows from `$1` to `$2`, over `$3` keys. */
const INSERT = `
  insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
  select gen_random_uuid(), 'order', 'bulk-' || i % $3, i / $3, 'OrderChanged',
         jsonb_build_object('total', 9007199254740993 + i, 'price', 0.10, 'name', 'Łódź 日本 🎉', 'padding', repeat('x', 100))
    from generate_series($1::bigint, $2::bigint) i`;

/** So many rows, in transactions of this many, one after the other; `first` goes on from the ones before. */
export async function insertBulk(
  { pool }: Scene,
  {
    rows,
    transaction,
    first = 0,
  }: { readonly rows: number; readonly transaction: number; readonly first?: number },
): Promise<void> {
  const client = await pool.connect();
  try {
    for (let from = first; from < first + rows; from += transaction)
      await client.query(INSERT, [from, from + transaction - 1, KEYS]);
  } finally {
    client.release();
  }
}
