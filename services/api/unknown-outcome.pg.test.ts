import { randomUUID } from "node:crypto";
import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { startTcpProxy } from "../../test/support/tcp-proxy.ts";
import { startApi } from "./testing/running-api.ts";

test("when the answer to a commit is lost the caller hears 503, and the same request under its key is told what was done", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  stack.defer(() => pool.end());
  const url = new URL(database.apiUrl);
  let lost: string | undefined;
  const proxy = await startTcpProxy({
    host: url.hostname,
    port: Number(url.port),
    onSent(bytes, connection) {
      if (lost === undefined || !bytes.includes(lost)) return;
      lost = undefined;
      connection.loseAnswer();
    },
  });
  stack.defer(() => proxy.close());
  url.port = String(proxy.port);
  const api = await startApi(url.href);
  stack.defer(() => api.stop());

  const post = async (path: string, key: string, body: object) => {
    const response = await fetch(`${api.restUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    });
    return { status: response.status, order: (await response.json()) as { id: string } };
  };
  for (let round = 0; round < 5; round++) {
    const [customerId, key] = [randomUUID(), randomUUID()];
    const body = { customerId, pickupPointId: "p", currency: "EUR", lines: [{ sku: "s", quantity: "1" }] };
    lost = customerId;
    expect((await post("/orders", key, body)).status).toBe(503);
    expect(lost).toBeUndefined();
    const repeated = await post("/orders", key, body);
    expect(repeated.status).toBe(201);
    const { rows } = await pool.query(
      `select o.id, count(e.id)::int as events from orders o join outbox e on e.aggregate_id = o.id::text
        where o.customer_id = $1 group by o.id`,
      [customerId],
    );
    expect(rows).toEqual([{ id: repeated.order.id, events: 1 }]);
  }
});
