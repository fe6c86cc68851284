import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TransitionType } from "../domain/order.ts";
import { anyCall, orderInput } from "../testing/calls.ts";
import { type OpenUseCases, openUseCases } from "../testing/use-cases.ts";

let orders: OpenUseCases;

beforeAll(async () => {
  orders = await openUseCases();
});

afterAll(() => orders.close());

function change(id: string, type: TransitionType, expectedVersion?: bigint) {
  const expectedVersions = expectedVersion === undefined ? undefined : [expectedVersion];
  return orders.changeOrder({ id, type, expectedVersions, reason: "" }, anyCall);
}

async function eventsOf(id: string) {
  const { rows } = await orders.pool.query(
    `select event_type, aggregate_version::int as version, payload -> 'order' ->> 'status' as status,
            transaction_id::text as transaction
       from outbox where aggregate_id = $1 order by position`,
    [id],
  );
  return rows;
}

test("each transition is stored with its event in one transaction, under the version that it leads to", async () => {
  const { id } = await orders.createOrder(orderInput(), anyCall);
  for (const [type, version, status] of [
    ["MarkOrderReady", 2n, "ready"],
    ["ReturnOrder", 3n, "returned"],
  ] as const) {
    const changed = await change(id, type, version - 1n);
    expect(changed).toMatchObject({ version, status });
    expect(await orders.getOrder(id, anyCall)).toEqual(changed);
    const { rows } = await orders.pool.query("select xmin::text from orders where id = $1", [id]);
    const last = (await eventsOf(id)).at(-1);
    expect(Number(last.transaction) % 2 ** 32).toBe(Number(rows[0].xmin));
  }
  expect(
    (await eventsOf(id)).map(({ event_type, version, status }) => [event_type, version, status]),
  ).toEqual([
    ["OrderCreated", 1, "ORDER_STATUS_CREATED"],
    ["OrderReady", 2, "ORDER_STATUS_READY"],
    ["OrderReturned", 3, "ORDER_STATUS_RETURNED"],
  ]);
});

test("a change of another version than the order is at is refused, and nothing is stored", async () => {
  const { id } = await orders.createOrder(orderInput(), anyCall);
  for (const version of [0n, 2n]) {
    await expect(change(id, "MarkOrderReady", version)).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
  }
  expect(await orders.getOrder(id, anyCall)).toMatchObject({ version: 1n, status: "created" });
  expect(await eventsOf(id)).toHaveLength(1);
});

test("of concurrent transitions exactly one wins; the others see what it did", async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await orders.createOrder(orderInput(), anyCall);
    await change(id, "MarkOrderReady");
    const rivals: TransitionType[] = ["IssueOrder", "ReturnOrder", "CancelOrder", "IssueOrder"];
    const ends = await Promise.allSettled(rivals.map((type) => change(id, type)));
    const winners = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    expect(winners).toHaveLength(1);
    for (const end of ends) {
      if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "TRANSITION_NOT_ALLOWED" });
    }
    expect(await orders.getOrder(id, anyCall)).toEqual(winners[0]);
    const versions = (await eventsOf(id)).map(({ version }) => version);
    expect(versions).toEqual([1, 2, 3]);
  }
});

test("of concurrent changes of one version exactly one is done", async () => {
  const { id } = await orders.createOrder(orderInput(), anyCall);
  const ends = await Promise.allSettled([1, 2, 3, 4].map(() => change(id, "MarkOrderReady", 1n)));
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const end of ends) {
    if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "VERSION_MISMATCH" });
  }
});

test("nobody changes an order that is not its own, or that is not there: to both it is not there", async () => {
  const { id } = await orders.createOrder(orderInput({ customerId: "somebody" }), anyCall);
  const stranger = { ...anyCall, caller: { id: "stranger", customerId: "stranger" } };
  const input = { type: "CancelOrder", expectedVersions: undefined, reason: "" } as const;
  for (const asked of [id, randomUUID()]) {
    await expect(orders.changeOrder({ ...input, id: asked }, stranger)).rejects.toMatchObject({
      code: "ORDER_NOT_FOUND",
    });
  }
  expect(await eventsOf(id)).toHaveLength(1);
});
