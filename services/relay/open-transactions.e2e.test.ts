import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

test.each([
  ["cdc", "cdc"],
  ["cdc", "polling"],
  ["polling", "cdc"],
  ["polling", "polling"],
])(
  "a transaction that was open at a stop (%s) and commits before the next start (%s) is published",
  async (before, after) => {
    await using stack = new AsyncDisposableStack();
    const database = await createTestDatabase();
    stack.defer(() => database.drop());
    const pool = new pg.Pool({ connectionString: database.ownerUrl });
    stack.defer(() => pool.end());
    const topic = uniqueTopic("open-transactions");
    const start = (mode: string) =>
      startRelay({
        databaseUrl: database.relayUrl,
        slot: `${database.name}_slot`,
        topic,
        more: { RELAY_MODE: mode },
      });
    const allProcessed = (count: number) =>
      eventually(async () => {
        const { rows } = await pool.query("select status, count(*)::int from outbox_status group by 1");
        expect(rows).toEqual([{ status: "processed", count }]);
      });

    const first = await start(before);
    await isReady(first);
    const early = await pool.connect();
    try {
      await early.query("begin");
      await insertRow(early, { aggregateId: "early" });
      // Later ones commit around it, so that it lies in the middle of what the checkpoint covers.
      for (let i = 0; i < 5; i++) await insertRow(pool, { aggregateId: "later", version: i });
      await allProcessed(5);
      await first.stop();
      await early.query("commit");
    } finally {
      early.release(true);
    }
    const second = await start(after);
    stack.defer(() => second.stop());
    await isReady(second);
    await insertRow(pool, { aggregateId: "last" });
    await allProcessed(7);
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 7, ...nothingWrong });
  },
);
