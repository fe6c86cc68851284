import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { isVisible, parseSnapshot } from "../../domain/snapshot.ts";
import { insertRow } from "../../testing/outbox-rows.ts";
import { outboxTable } from "../../testing/recorded-stream.ts";
import { createReplicationStream } from "./replication-stream.ts";
import { createWalHeartbeat } from "./wal-heartbeat.ts";

/** What everything stands on that takes a tick's snapshot for the checkpoint. */
test("whatever a tick's snapshot sees has come before it in the stream, while many commit, roll back and use savepoints", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.ownerUrl, max: 12 });
  stack.defer(() => pool.end());
  const slot = `${database.name}_slot`;
  await pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);

  /** In the order of the stream: ids of transactions that wrote to the outbox, and ticks. */
  const came: ({ readonly transactionId: string } | { readonly snapshot: string })[] = [];
  let ticks = 0;
  const stream = await createReplicationStream({
    databaseUrl: database.relayUrl,
    relay: "test",
    slot,
    publication: "outbox",
    table: outboxTable,
  }).open({
    begin() {},
    described() {},
    event: ({ transactionId }) => came.push({ transactionId }),
    tick({ snapshot }) {
      came.push({ snapshot });
      ticks += 1;
    },
    commit() {},
    keepalive() {},
  });
  stack.defer(() => stream.destroy());

  let writing = true;
  let committed = 0;
  async function write(): Promise<void> {
    while (writing) {
      const client = await pool.connect();
      try {
        await client.query("begin");
        if (Math.random() < 0.5) await insertRow(client);
        await client.query("savepoint s");
        await insertRow(client);
        if (Math.random() < 0.3) await client.query("rollback to s");
        const commits = Math.random() < 0.8;
        await client.query(commits ? "commit" : "rollback");
        if (commits) committed += 1;
      } finally {
        client.release();
      }
    }
  }
  const heartbeat = createWalHeartbeat(pool, "test", { publication: "outbox", table: outboxTable });
  let sent = 0;
  async function beat(): Promise<void> {
    while (writing) await heartbeat.tick(`${sent++}`);
  }
  const working = [...Array.from({ length: 8 }, write), beat(), beat()];
  await eventually(() => expect(Math.min(committed, 3 * ticks)).toBeGreaterThan(1_500), {
    timeoutMs: 20_000,
  });
  writing = false;
  await Promise.all(working);
  await eventually(() => expect(ticks).toBe(sent));

  const lastPlace = new Map<bigint, number>();
  for (const [place, one] of came.entries()) {
    if ("transactionId" in one) lastPlace.set(BigInt(one.transactionId), place);
  }
  const broken = came.flatMap((one, place) => {
    if (!("snapshot" in one)) return [];
    const snapshot = parseSnapshot(one.snapshot);
    return [...lastPlace].filter(([id, last]) => last > place && isVisible(snapshot, id));
  });
  expect(broken).toEqual([]);
  expect(lastPlace.size).toBeGreaterThan(1_000);
});
