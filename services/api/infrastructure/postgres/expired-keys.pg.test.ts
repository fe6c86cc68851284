import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { connectionsOf, silent } from "../../testing/connections.ts";
import { deleteExpiredKeys } from "./expired-keys.ts";

test("expired keys are deleted in batches, by several replicas at once as well; others stay, and a stop ends it", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const owner = new pg.Pool({ connectionString: database.ownerUrl });
  stack.defer(() => owner.end());
  await owner.query(
    `insert into idempotency_keys (caller, key, fingerprint, order_id, version, done_at)
     select 'c', i::text, '', gen_random_uuid(), 1, now() - case when i <= 95 then interval '2 hours' else '30 minutes' end
       from generate_series(1, 100) i`,
  );
  const connections = connectionsOf(new pg.Pool({ connectionString: database.apiUrl, max: 4 }));
  stack.defer(() => connections.close());
  const stopping = new AbortController();
  const batches: number[] = [];
  const replica = () =>
    deleteExpiredKeys({
      database: connections,
      keptMs: 3_600_000,
      onDeleted: (count) => batches.push(count),
      signal: stopping.signal,
      log: silent,
      intervalMs: 10,
      batchSize: 10,
    });
  const replicas = [replica(), replica()];
  const count = async () => (await owner.query("select count(*)::int from idempotency_keys")).rows[0].count;
  await eventually(async () => expect(await count()).toBe(5));
  stopping.abort();
  await Promise.all(replicas);
  expect(Math.max(...batches)).toBe(10);
  expect(batches.reduce((a, b) => a + b)).toBe(95);
  expect(await count()).toBe(5);
});

test("the database away is no end of it: the next round does it", async () => {
  const stopping = new AbortController();
  let asked = 0;
  const database = {
    async read() {
      asked += 1;
      if (asked === 3) stopping.abort();
      throw new Error("planted");
    },
  };
  const { signal } = stopping;
  await deleteExpiredKeys({ database, keptMs: 1, onDeleted: () => {}, signal, log: silent, intervalMs: 1 });
  expect(asked).toBe(3);
});
