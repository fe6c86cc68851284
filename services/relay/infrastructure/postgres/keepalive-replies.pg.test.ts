import pg from "pg";
import { expect, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { startOwnDatabase } from "../../../../test/support/own-database.ts";
import { insertRow } from "../../testing/outbox-rows.ts";
import { openRecordedStream } from "../../testing/recorded-stream.ts";

test("a server that has become impatient since the stream began gets each reply that it asks for, at once", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await startOwnDatabase();
  stack.defer(() => database.dispose());
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  stack.defer(() => pool.end());
  await pool.query("select pg_create_logical_replication_slot('slot', 'pgoutput')");
  const recorded = await openRecordedStream({ databaseUrl: database.relayUrl, slot: "slot" });
  stack.defer(() => recorded.stream.destroy());
  let lost: Error | undefined;
  void recorded.stream.lost.then((error) => {
    lost = error;
  });
  await insertRow(pool);
  await eventually(() => expect(recorded.transactions).toHaveLength(1));

  // The status updates that go by timer are too seldom now: without a reply the server hangs up after 1 s.
  await pool.query("alter system set wal_sender_timeout = '1s'");
  await pool.query("select pg_reload_conf()");
  const { rows } = await pool.query("select clock_timestamp() + interval '4 s' as until");
  await eventually(async () => {
    expect(lost).toBeUndefined();
    const replies = await pool.query("select 1 from pg_stat_replication where reply_time > $1", [
      rows[0].until,
    ]);
    expect(replies.rows).toHaveLength(1);
  });
  await insertRow(pool);
  await eventually(() => expect(recorded.transactions).toHaveLength(2));
});
