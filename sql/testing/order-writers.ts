import type { Pool } from "pg";

export interface OrderWriters {
  readonly committed: number;
  /** How long the slowest order has taken. */
  readonly longestMs: number;
  readonly failures: readonly unknown[];
  stop(): Promise<void>;
}

/** Sessions that place orders, each with its event in one transaction, by the columns that there have always been. */
export function startOrderWriters(pool: Pool, sessions: number): OrderWriters {
  let isStopped = false;
  let committed = 0;
  let longestMs = 0;
  const failures: unknown[] = [];

  async function write(): Promise<void> {
    while (!isStopped) {
      const begin = performance.now();
      try {
        await pool.query(
          `with placed as (
             insert into orders (id, customer_id, pickup_point_id, currency, lines, total_minor, status, version, created_at)
             values (gen_random_uuid(), 'c', 'p', 'EUR', '[]', 1, 'created', 1, clock_timestamp()) returning id)
           insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
           select gen_random_uuid(), 'order', id::text, 1, 'OrderCreated', '{}' from placed`,
        );
        committed += 1;
      } catch (error) {
        failures.push(error);
        return;
      }
      longestMs = Math.max(longestMs, performance.now() - begin);
    }
  }

  const running = Promise.all(Array.from({ length: sessions }, write));
  return {
    get committed() {
      return committed;
    },
    get longestMs() {
      return longestMs;
    },
    failures,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
