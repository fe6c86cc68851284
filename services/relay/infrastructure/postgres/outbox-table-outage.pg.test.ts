import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { createTestDatabase } from "../../../../test/support/database.ts";
import { startTcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { insertRows } from "../../testing/outbox-rows.ts";
import { createOutboxTable } from "./outbox-table.ts";

/** A drain with a page read and another to come, behind a proxy. */
async function openDrain() {
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const url = new URL(database.relayUrl);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  stack.defer(() => proxy.close());
  url.port = String(proxy.port);
  const pool = new pg.Pool({ connectionString: url.href, max: 1 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  stack.defer(() => pool.end());
  const owner = new pg.Pool({ connectionString: database.ownerUrl });
  stack.defer(() => owner.end());
  await insertRows(owner, { count: 20 });
  const table = createOutboxTable(pool, { schema: "public", name: "outbox" });
  const drain = await table.openDrain("1:1:", undefined);
  expect(await drain.read(10)).toHaveLength(10);
  return { proxy, table, drain };
}

test("a connection that breaks between two pages rejects the next one, and the drain can be closed and opened again", async () => {
  const { proxy, table, drain } = await openDrain();
  proxy.cut();
  await expect(drain.read(10)).rejects.toThrow();
  await drain.close();
  proxy.restore();
  const again = await table.openDrain("1:1:", undefined);
  expect(await again.read(100)).toHaveLength(20);
  await again.close();
});

test("a connection that breaks while nothing is read does not keep the drain from being closed", async () => {
  const { proxy, drain } = await openDrain();
  proxy.cut();
  await drain.close();
});

test("closing beside a server that answers never comes to an end", { timeout: 30_000 }, async () => {
  const { proxy, drain } = await openDrain();
  proxy.stall();
  await drain.close();
  proxy.restore();
});
