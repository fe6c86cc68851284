import { randomUUID } from "node:crypto";
import type { ClientBase, Pool } from "pg";

/** The name of the daily partition (UTC) of so many days ago. */
export function partitionOf(daysAgo: number): string {
  return `outbox_p${day(daysAgo).replaceAll("-", "")}`;
}

/** Makes the daily partition of so many days ago, as outbox_make_partitions would have made it then. */
export async function makeDay(client: ClientBase | Pool, daysAgo: number): Promise<string> {
  const name = partitionOf(daysAgo);
  await client.query(
    `create table ${name} partition of outbox
       for values from ('${day(daysAgo)} 00:00+00') to ('${day(daysAgo - 1)} 00:00+00')`,
  );
  return name;
}

/** Inserts a row of so many days ago, or of the time given, and returns its id. */
export async function insertOn(client: ClientBase | Pool, at: number | string): Promise<string> {
  const id = randomUUID();
  await client.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, created_at)
     values ($1, 'order', 'some order', 1, 'OrderCreated', '{}', $2)`,
    [id, typeof at === "number" ? `${day(at)} 12:00+00` : at],
  );
  return id;
}

/** All partitions but the default one, by name. */
export async function partitions(client: ClientBase | Pool): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'outbox'::regclass and inhrelid <> 'outbox_default'::regclass order by 1`,
  );
  return rows.map(({ name }) => name);
}

function day(daysAgo: number): string {
  return new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
}
