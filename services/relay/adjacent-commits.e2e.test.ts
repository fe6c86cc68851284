import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { readToEnd, uniqueTopic } from "../../test/support/kafka.ts";
import { formatLsn } from "./domain/lsn.ts";
import { commitTwoAdjacent } from "./testing/adjacent-commits.ts";
import { openRecordedStream } from "./testing/recorded-stream.ts";
import { startRelay } from "./testing/running-relay.ts";

test("of two commits adjacent in the WAL, a relay whose checkpoint ends between them publishes the second, and not the first", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  stack.defer(() => pool.end());
  const slot = `${database.name}_slot`;
  const topic = uniqueTopic("adjacent");
  await pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);

  const recorded = await openRecordedStream({ databaseUrl: database.relayUrl, slot });
  const [first, second] = await commitTwoAdjacent(pool, recorded);
  recorded.stream.destroy();
  // As a relay leaves it that was killed after confirming the first one. What it had published is known by the LSN alone.
  await pool.query("insert into relay_checkpoint (relay, confirmed_lsn) values ($1, $2)", [
    slot,
    formatLsn(first.endLsn),
  ]);

  const relay = await startRelay({
    databaseUrl: database.relayUrl,
    slot,
    topic,
    more: { RELAY_MODE: "cdc" },
  });
  stack.defer(() => relay.stop());
  await eventually(async () => {
    const { rows } = await pool.query("select 1 from outbox_status where status = 'new'");
    expect(rows).toEqual([]);
  });
  const ids = (await readToEnd(topic)).map(({ headers }) => headers.ce_id);
  expect(ids).toEqual(second.events.map(({ id }) => id));
});
