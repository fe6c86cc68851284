import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { anyCall, orderInput } from "../testing/calls.ts";
import { KEYS_KEPT_MS, type OpenUseCases, openUseCases } from "../testing/use-cases.ts";
import type { CommandContext } from "./call-context.ts";

let orders: OpenUseCases;

beforeAll(async () => {
  orders = await openUseCases();
});

afterAll(() => orders.close());

const under = (idempotencyKey: string, over: Partial<CommandContext> = {}): CommandContext => ({
  ...anyCall,
  ...over,
  idempotencyKey,
});
const change = (id: string, over: object = {}) => ({
  id,
  type: "MarkOrderReady" as const,
  expectedVersions: undefined,
  reason: "",
  ...over,
});

/** Orders and events of a customer. */
async function rowsOf(customerId: string): Promise<{ orders: number; events: number }> {
  const { rows } = await orders.pool.query(
    `select count(distinct o.id)::int as orders, count(e.id)::int as events
       from orders o left join outbox e on e.aggregate_id = o.id::text where o.customer_id = $1`,
    [customerId],
  );
  return rows[0];
}

test("the same request again is given the first answer, and does nothing", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  const first = await orders.createOrder(orderInput({ customerId }), under(key));
  const { customerId: c, ...rest } = orderInput({ customerId });
  // In another order of its fields it is the same.
  expect(await orders.createOrder({ ...rest, customerId: c }, under(key))).toEqual(first);
  expect(await rowsOf(customerId)).toEqual({ orders: 1, events: 1 });
});

test("the first answer is given as it was, whatever became of the order since", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  const created = await orders.createOrder(orderInput({ customerId }), under(key));
  const ready = await orders.changeOrder(change(created.id), under(`${key}-ready`));
  await orders.changeOrder(change(created.id, { type: "ReturnOrder", reason: "too late" }), anyCall);
  expect(await orders.createOrder(orderInput({ customerId }), under(key))).toEqual(created);
  expect(await orders.changeOrder(change(created.id), under(`${key}-ready`))).toEqual(ready);
  expect(await rowsOf(customerId)).toEqual({ orders: 1, events: 3 });
});

test("another request under a key that was used is refused, be it another body or another operation", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  const { id } = await orders.createOrder(orderInput({ customerId }), under(key));
  const reused = { code: "IDEMPOTENCY_KEY_REUSED" };
  const other = orders.createOrder(orderInput({ customerId, currency: "USD" }), under(key));
  await expect(other).rejects.toMatchObject(reused);
  await expect(orders.changeOrder(change(id), under(key))).rejects.toMatchObject(reused);
  expect(await rowsOf(customerId)).toEqual({ orders: 1, events: 1 });
});

test("of many equal requests at once exactly one is done; the others are given its answer, or told that it is in flight", async () => {
  for (let round = 0; round < 10; round++) {
    const [key, customerId] = [randomUUID(), randomUUID()];
    const tries = Array.from({ length: 8 }, () => orders.createOrder(orderInput({ customerId }), under(key)));
    const ends = await Promise.allSettled(tries);
    const ids = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value.id] : []));
    expect(new Set(ids).size).toBe(1);
    for (const end of ends) {
      if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "IDEMPOTENCY_KEY_IN_FLIGHT" });
    }
    expect(await rowsOf(customerId)).toEqual({ orders: 1, events: 1 });
  }
});

test("while the first request is worked on the same one is refused at once, and does not wait for it", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  const blocker = await orders.pool.connect();
  await blocker.query("begin; lock table outbox in exclusive mode");
  try {
    const first = orders.createOrder(orderInput({ customerId }), under(key));
    const blocked = "select 1 from pg_locks where not granted and relation = 'outbox'::regclass";
    await eventually(async () => expect((await orders.pool.query(blocked)).rows).toHaveLength(1));
    const second = orders.createOrder(orderInput({ customerId }), under(key));
    await expect(second).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_IN_FLIGHT" });
    await blocker.query("commit");
    expect(await orders.createOrder(orderInput({ customerId }), under(key)).catch(() => first)).toEqual(
      await first,
    );
  } finally {
    blocker.release(true);
  }
  expect(await rowsOf(customerId)).toEqual({ orders: 1, events: 1 });
});

test("a request that failed leaves its key free, for it or for another", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  await expect(orders.changeOrder(change(randomUUID()), under(key))).rejects.toMatchObject({
    code: "ORDER_NOT_FOUND",
  });
  const { id } = await orders.createOrder(orderInput({ customerId }), under(key));
  const early = under(`${key}-issue`);
  const issue = change(id, { type: "IssueOrder" });
  await expect(orders.changeOrder(issue, early)).rejects.toMatchObject({ code: "TRANSITION_NOT_ALLOWED" });
  await orders.changeOrder(change(id), anyCall);
  expect(await orders.changeOrder(issue, early)).toMatchObject({ status: "issued" });
});

test("after its time a key is forgotten, and the request is done anew", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  const first = await orders.createOrder(orderInput({ customerId }), under(key));
  await orders.pool.query(
    "update idempotency_keys set done_at = done_at - make_interval(secs => $2) where key = $1",
    [key, KEYS_KEPT_MS / 1000 + 1],
  );
  const second = await orders.createOrder(orderInput({ customerId }), under(key));
  expect(second.id).not.toBe(first.id);
  expect(await orders.createOrder(orderInput({ customerId }), under(key))).toEqual(second);
  expect(await rowsOf(customerId)).toEqual({ orders: 2, events: 2 });
});

test("the same key of another caller is another key", async () => {
  const [key, customerId] = [randomUUID(), randomUUID()];
  const caller = (id: string) => ({ caller: { id, customerId: undefined } });
  const ofA = await orders.createOrder(orderInput({ customerId }), under(key, caller("a")));
  const ofB = await orders.createOrder(orderInput({ customerId, currency: "USD" }), under(key, caller("b")));
  expect(ofB.id).not.toBe(ofA.id);
  expect(await rowsOf(customerId)).toEqual({ orders: 2, events: 2 });
});

test("a transition under a key is done once, however often it is asked for", async () => {
  const customerId = randomUUID();
  const { id } = await orders.createOrder(orderInput({ customerId }), anyCall);
  const cancel = change(id, { type: "CancelOrder", reason: "changed my mind", expectedVersions: [1n] });
  const key = randomUUID();
  const first = await orders.changeOrder(cancel, under(key));
  expect(first).toMatchObject({ status: "cancelled", version: 2n, reason: "changed my mind" });
  expect(await orders.changeOrder(cancel, under(key))).toEqual(first);
  // Without the key it is asked for anew.
  await expect(orders.changeOrder(cancel, anyCall)).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
  expect(await rowsOf(customerId)).toEqual({ orders: 1, events: 2 });
});
