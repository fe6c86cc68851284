import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { type ProxiedConnection, startTcpProxy } from "../../test/support/tcp-proxy.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

test("a stream that has died without a word is given up though SQL works, and the next one brings what it did not", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  stack.defer(() => pool.end());
  const streams: ProxiedConnection[] = [];
  const url = new URL(database.relayUrl);
  const proxy = await startTcpProxy({
    host: url.hostname,
    port: Number(url.port),
    onSent: (bytes, connection) => {
      if (bytes.includes("START_REPLICATION")) streams.push(connection);
    },
  });
  stack.defer(() => proxy.close());
  url.port = String(proxy.port);
  const topic = uniqueTopic("silent-stream");
  const relay = await startRelay({
    databaseUrl: url.href,
    slot: `${database.name}_slot`,
    topic,
    more: { RELAY_MODE: "cdc", RELAY_TICK_INTERVAL_MS: "100", RELAY_TICK_TIMEOUT_MS: "1000" },
  });
  stack.defer(() => relay.stop());
  const allProcessed = (count: number) =>
    eventually(async () => {
      const { rows } = await pool.query("select status, count(*)::int from outbox_status group by 1");
      expect(rows).toEqual([{ status: "processed", count }]);
    });
  await isReady(relay);
  await insertRow(pool, { aggregateId: "a", version: 1 });
  await allProcessed(1);

  // The first row may have come from the table, ahead of the stream.
  await eventually(() => expect(streams).toHaveLength(1));
  streams[0]?.stallAnswers();
  await insertRow(pool, { aggregateId: "a", version: 2 });
  await allProcessed(2);
  expect(streams).toHaveLength(2);
  await isReady(relay);
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 2, ...nothingWrong });
});
