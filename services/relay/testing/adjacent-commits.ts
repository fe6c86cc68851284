import type { Pool } from "pg";
import { eventually } from "../../../test/support/eventually.ts";
import { insertRow } from "./outbox-rows.ts";
import type { RecordedStream, RecordedTransaction } from "./recorded-stream.ts";

/**
 * Two transactions with a row each, of which the second one's commit record begins at the very byte where the first one's ends:
 * two sessions that commit at the same time leave nothing in between.
 */
export async function commitTwoAdjacent(
  pool: Pool,
  recorded: RecordedStream,
): Promise<[RecordedTransaction, RecordedTransaction]> {
  const [a, b] = [await pool.connect(), await pool.connect()];
  try {
    for (let attempt = 0; attempt < 50; attempt++) {
      recorded.transactions.length = 0;
      for (const client of [a, b]) {
        await client.query("begin");
        await insertRow(client);
      }
      await Promise.all([a.query("commit"), b.query("commit")]);
      const [first, second] = await eventually(() => {
        const [one, two] = recorded.transactions;
        if (!one || !two) throw new Error("the two transactions have not come yet");
        return [one, two] as const;
      });
      if (second.commitLsn === first.endLsn) return [first, second];
    }
    throw new Error("no two commits became adjacent in the WAL");
  } finally {
    a.release();
    b.release();
  }
}
