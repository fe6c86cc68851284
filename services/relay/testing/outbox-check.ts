import type pg from "pg";
import { type KafkaRecord, readToEnd } from "../../../test/support/kafka.ts";

export interface CheckResult {
  readonly committed: number;
  readonly lost: string[];
  readonly repeated: string[];
  readonly foreign: string[];
  readonly outOfOrder: string[];
  readonly changed: string[];
}

export const nothingWrong = { lost: [], repeated: [], foreign: [], outOfOrder: [], changed: [] };

/** Compares all committed outbox rows with the whole topic, as kcat reads it. */
export async function checkOutbox(pool: pg.Pool, topic: string, brokers?: string): Promise<CheckResult> {
  const records = await readToEnd(topic, brokers === undefined ? {} : { brokers });
  const { rows } = await pool.query<{ id: string; key: string; payload: string }>(
    "select id, aggregate_id as key, payload::text from outbox",
  );
  const byId = new Map<string, KafkaRecord[]>();
  for (const record of records) {
    const id = record.headers.ce_id ?? "(no ce_id)";
    byId.set(id, [...(byId.get(id) ?? []), record]);
  }
  const committed = new Set(rows.map(({ id }) => id));
  return {
    committed: rows.length,
    lost: rows.filter(({ id }) => !byId.has(id)).map(({ id }) => id),
    repeated: [...byId].filter(([, copies]) => copies.length > 1).map(([id]) => id),
    foreign: [...byId.keys()].filter((id) => !committed.has(id)),
    outOfOrder: outOfOrder(records),
    changed: rows
      .filter(({ id, key, payload }) => {
        const record = byId.get(id)?.[0];
        return record && (record.key !== key || record.value.toString() !== payload);
      })
      .map(({ id }) => id),
  };
}

/** Keys whose aggregate versions first appear in another order than ascending, or in more than one partition. */
function outOfOrder(records: readonly KafkaRecord[]): string[] {
  const wrong = new Set<string>();
  const last = new Map<string, { version: bigint; partition: number }>();
  const seen = new Set<string>();
  for (const { key, headers, partition } of records) {
    const name = key ?? "(no key)";
    const version = BigInt(headers.ce_aggregateversion ?? 0);
    const before = last.get(name);
    if (before && before.partition !== partition) wrong.add(name);
    const id = headers.ce_id ?? "";
    if (seen.has(id)) continue;
    seen.add(id);
    if (before && version < before.version) wrong.add(name);
    last.set(name, { version, partition });
  }
  return [...wrong];
}
