import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { type RunningKafka, startKafka } from "../../deploy/local/kafka.ts";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow, insertRows } from "./testing/outbox-rows.ts";
import { publishingClients } from "./testing/publisher-under-test.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

const silent = () => {};

test.each(publishingClients)(
  "with %s: while the broker is away nothing is confirmed, memory stays bounded and readiness says why; afterwards all comes, once and in order",
  {
    timeout: 120_000,
  },
  async (client) => {
    await using stack = new AsyncDisposableStack();
    const dataDir = await mkdtemp(join(tmpdir(), "broker-outage-"));
    stack.defer(() => rm(dataDir, { recursive: true, force: true }));
    let kafka: RunningKafka = await startKafka({ dataDir, port: 0, log: silent });
    stack.defer(() => kafka.stop("SIGKILL"));
    const database = await createTestDatabase();
    stack.defer(() => database.drop());
    const pool = new pg.Pool({ connectionString: database.ownerUrl });
    stack.defer(() => pool.end());
    const slot = `${database.name}_slot`;
    // The outage is longer than the server's patience: status updates must go on.
    await pool.query(`alter database ${database.name} set wal_sender_timeout = '2s'`);
    const relay = await startRelay({
      databaseUrl: database.relayUrl,
      slot,
      topic: "orders-events",
      more: { KAFKA_BROKERS: kafka.brokers, KAFKA_CLIENT: client, RELAY_QUEUE_BYTES: "200000" },
    });
    stack.defer(() => relay.stop());
    await isReady(relay);
    await insertRow(pool, { aggregateId: "first" });
    await processed(1);
    const walsender = await eventually(async () => {
      const pid = await activePid();
      expect(pid).not.toBeNull();
      return pid;
    });

    await kafka.stop("SIGKILL");
    for (let version = 1; version <= 100; version++)
      await insertRow(pool, { aggregateId: "single", version });
    const { rows } = await pool.query("select pg_current_wal_lsn() as lsn");
    await insertRows(pool, { count: 12_000, keys: 50, payloadBytes: 1_000 });
    await eventually(
      async () => {
        const response = await fetch(`${relay.opsUrl}/readyz`);
        expect(response.status).toBe(503);
        expect(await response.text()).toMatch(/broker has not acked/);
      },
      { timeoutMs: 20_000 },
    );
    expect(await activePid()).toBe(walsender);
    // The relay takes no more than its memory is to hold: the rest stays with the server, which cannot send it.
    const { rows: waits } = await pool.query("select wait_event from pg_stat_activity where pid = $1", [
      walsender,
    ]);
    expect(waits).toEqual([{ wait_event: "WalSenderWriteData" }]);
    // Ticks before the outage may still have moved it; the rows of the outage must not.
    expect(await unconfirmedRows(rows[0].lsn)).toBe(12_100);

    kafka = await startKafka({ dataDir, port: kafka.port, log: silent });
    await processed(12_101);
    await isReady(relay);
    expect(await checkOutbox(pool, "orders-events", { brokers: kafka.brokers })).toEqual({
      committed: 12_101,
      ...nothingWrong,
    });

    async function processed(count: number): Promise<void> {
      const query = "select count(*)::int as count from outbox_status where status = 'processed'";
      await eventually(async () => expect((await pool.query(query)).rows[0].count).toBe(count), {
        timeoutMs: 60_000,
      });
    }
    async function slotRow(): Promise<{ active_pid: number | null; confirmed_flush_lsn: string }> {
      return (await pool.query("select * from pg_replication_slots where slot_name = $1", [slot])).rows[0];
    }
    async function activePid(): Promise<number | null> {
      return (await slotRow()).active_pid;
    }
    /** `written`: just after the first rows of the outage, a transaction each, which the relay has received. */
    async function unconfirmedRows(written: string): Promise<number> {
      const { rows } = await pool.query(
        `select confirmed_flush_lsn < $2 as held,
              (select count(*)::int from outbox_status where status = 'new') as count
         from pg_replication_slots where slot_name = $1`,
        [slot, written],
      );
      expect(rows[0].held).toBe(true);
      return rows[0].count;
    }
  },
);
