import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

// The server warns of a publication that is missing, but not of one that has lost the table or the inserts: it then sends nothing
// of what was written meanwhile, and whatever comes after that looks complete.
test.each([
  ["drop table outbox", "add table outbox"],
  ["set (publish = 'delete')", "set (publish = 'insert')"],
])(
  "rows written between `%s` and `%s` are published, with the relay at work and with it away",
  async (away, back) => {
    await using stack = new AsyncDisposableStack();
    const database = await createTestDatabase();
    stack.defer(() => database.drop());
    const pool = new pg.Pool({ connectionString: database.ownerUrl });
    stack.defer(() => pool.end());
    const topic = uniqueTopic("publication");
    const options = { databaseUrl: database.relayUrl, slot: `${database.name}_slot`, topic };
    let rows = 0;

    async function insertSome(): Promise<void> {
      for (let i = 0; i < 20; i++) {
        rows += 1;
        await insertRow(pool, { aggregateId: `key-${rows % 7}`, version: Math.ceil(rows / 7) });
      }
    }
    async function changeThePublication(): Promise<void> {
      await insertSome();
      await pool.query(`alter publication outbox ${away}`);
      await insertSome();
      await pool.query(`alter publication outbox ${back}`);
      await insertSome();
    }
    const allProcessed = () =>
      eventually(
        async () => {
          const { rows: counts } = await pool.query(
            "select status, count(*)::int from outbox_status where relay is not null group by 1",
          );
          expect(counts).toEqual([{ status: "processed", count: rows }]);
        },
        { timeoutMs: 20_000 },
      );

    const first = await startRelay(options);
    await isReady(first);
    await changeThePublication();
    await allProcessed();
    await first.stop();
    await changeThePublication();
    const second = await startRelay(options);
    stack.defer(() => second.stop());
    await allProcessed();
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 120, ...nothingWrong });
  },
);
