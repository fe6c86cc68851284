import pg from "pg";
import { expect, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { startOwnDatabase } from "../../test/support/own-database.ts";
import { openKafka } from "../../test/support/own-servers.ts";
import { insertRows } from "./testing/outbox-rows.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

test("Postgres can be shut down while the broker is away: it does not wait for events that nobody acks", {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const [database, kafka] = await Promise.all([startOwnDatabase(), openKafka()]);
  stack.defer(() => database.dispose());
  stack.defer(() => kafka.dispose());
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  pool.on("error", () => {}); // its sessions end with the server
  stack.defer(() => pool.end());
  const relay = await startRelay({
    databaseUrl: database.relayUrl,
    slot: "slot",
    topic: "orders-events",
    more: { KAFKA_BROKERS: kafka.brokers },
  });
  stack.defer(() => relay.stop());
  await isReady(relay);
  await eventually(async () => {
    const { rows } = await pool.query("select 1 from pg_stat_replication where state = 'streaming'");
    expect(rows).toHaveLength(1);
  });

  await kafka.stop("SIGKILL");
  await insertRows(pool, { count: 100 });
  await eventually(async () => {
    const { rows } = await pool.query(
      "select pg_current_wal_lsn() <= sent_lsn as received, flush_lsn < sent_lsn as unconfirmed from pg_stat_replication",
    );
    expect(rows).toEqual([{ received: true, unconfirmed: true }]);
  });
  const before = performance.now();
  await database.stop();
  expect(performance.now() - before).toBeLessThan(10_000);
});
