import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import type { Order } from "../gen/orders/v1/order_pb.ts";
import { type ChangeOptions, type Door, type OrderRequest, openDoors, Refused } from "./testing/doors.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

/** The same is asked through every door: what is stored, published and refused must be the same. */
let database: TestDatabase;
let pool: pg.Pool;
let api: ApiUnderTest;
let doors: [string, Door][];

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  api = await startApi(database.apiUrl);
  doors = Object.entries(openDoors(api));
});

afterAll(async () => {
  await api.stop();
  await pool.end();
  await database.drop();
});

const content = {
  customerId: "customer-1",
  pickupPointId: "Пункт выдачи №5 — 東京",
  currency: "EUR",
  lines: [
    { sku: "sku-1", quantity: 2n, unitPriceMinor: 9_007_199_254_740_993n },
    { sku: "sku-2", quantity: 1n, unitPriceMinor: 0n },
  ],
} satisfies OrderRequest;

/** What each door made of it; fails when one differs from the first. */
async function sameThroughAll<T>(ask: (door: Door) => Promise<T>): Promise<T> {
  const answers: [string, T][] = [];
  for (const [name, door] of doors) answers.push([name, await ask(door)]);
  const [first] = answers;
  if (!first) throw new Error("there are no doors");
  for (const [name, answer] of answers) expect(answer, `${name} beside ${first[0]}`).toEqual(first[1]);
  return first[1];
}

/** The order's row and its events, without what differs from one order to another. */
async function stored(id: string): Promise<unknown> {
  const order = await pool.query("select * from orders where id = $1", [id]);
  const events = await pool.query(
    `select aggregate_type, aggregate_version, event_type, payload, headers from outbox
      where aggregate_id = $1 order by position`,
    [id],
  );
  return anonymous({ order: order.rows, events: events.rows });
}

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

function anonymous(value: unknown): unknown {
  const text = JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each));
  return JSON.parse(
    text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>").replaceAll(TIME, "<time>"),
  );
}

/** Without the times, which come as messages. */
const told = ({ id: _, createdAt, readyAt, issuedAt, returnedAt, cancelledAt, ...order }: Order) => ({
  ...order,
  times: [createdAt, readyAt, issuedAt, returnedAt, cancelledAt].map((time) => time !== undefined),
});

async function refusal(answer: Promise<unknown>) {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refused)) throw new Error(`no refusal but ${error}`);
  return { reason: error.reason, fields: error.fields };
}

type Step = readonly [Parameters<Door["change"]>[0], ChangeOptions?];

describe("the order, its row and its events are the same through every door", () => {
  test.each<[string, readonly Step[]]>([
    ["created", []],
    ["made ready", [["MarkOrderReady", { expectedVersion: 1n }]]],
    ["issued", [["MarkOrderReady"], ["IssueOrder", { expectedVersion: 2n }]]],
    ["returned", [["MarkOrderReady"], ["ReturnOrder", { reason: "не забрали" }]]],
    ["cancelled", [["CancelOrder", { reason: "too late", expectedVersion: 1n }]]],
  ])("when it is %s", async (_, steps) => {
    const answer = await sameThroughAll(async (door) => {
      let order = await door.create(content);
      for (const [type, options] of steps) order = await door.change(type, order.id, options);
      expect(await door.get(order.id)).toEqual(order);
      expect(await door.list()).toContainEqual(order);
      return { told: told(order), stored: await stored(order.id) };
    });
    expect(answer.told.version).toBe(BigInt(steps.length + 1));
    expect(answer.stored).toMatchObject({ order: [{}], events: Array(steps.length + 1).fill({}) });
  });
});

test("a command that is repeated is answered as the first time, through whichever door it comes again", async () => {
  const request = { ...content, requestId: randomUUID() };
  const { id } = await sameThroughAll((door) => door.create(request));
  const change = { requestId: randomUUID(), expectedVersion: 1n };
  expect((await sameThroughAll((door) => door.change("MarkOrderReady", id, change))).version).toBe(2n);
});

describe("a refusal has the same reason and the same fields through every door", () => {
  const line = { sku: "a", quantity: 1n, unitPriceMinor: 1n };

  test.each<[string, OrderRequest, string[]]>([
    ["no customer", { customerId: "" }, ["customerId"]],
    ["a customer of 65 characters", { customerId: "x".repeat(65) }, ["customerId"]],
    ["a zero character", { pickupPointId: "a\0b" }, ["pickupPointId"]],
    ["a currency in lower case", { currency: "eur" }, ["currency"]],
    ["no lines", { lines: [] }, ["lines"]],
    ["101 lines", { lines: Array(101).fill(line) }, ["lines"]],
    [
      "several wrong fields",
      { currency: "", lines: [line, { sku: "", quantity: 0n, unitPriceMinor: -1n }] },
      ["currency", "lines.1.quantity", "lines.1.sku", "lines.1.unitPriceMinor"],
    ],
    [
      "a total beyond int64",
      { lines: [line, { sku: "a", quantity: 2n ** 62n, unitPriceMinor: 4n }] },
      ["lines.1.quantity"],
    ],
  ])("of an order with %s", async (_, over, fields) => {
    const found = await sameThroughAll((door) => refusal(door.create({ ...content, ...over })));
    expect(found).toEqual({ reason: "INVALID_REQUEST", fields });
  });

  test("of an id that is none", async () => {
    expect((await sameThroughAll((door) => refusal(door.get("no-uuid")))).reason).toBe("INVALID_REQUEST");
  });

  test("of an order that there is not", async () => {
    const ask = (door: Door) => refusal(door.get(randomUUID()));
    expect(await sameThroughAll(ask)).toEqual({ reason: "ORDER_NOT_FOUND", fields: [] });
    const change = (door: Door) => refusal(door.change("CancelOrder", randomUUID()));
    expect(await sameThroughAll(change)).toEqual({ reason: "ORDER_NOT_FOUND", fields: [] });
  });

  test.each<[string, Step, string, string[]]>([
    ["that its state does not allow", ["IssueOrder"], "TRANSITION_NOT_ALLOWED", []],
    ["at another version", ["CancelOrder", { expectedVersion: 7n }], "VERSION_MISMATCH", []],
    ["with too long a reason", ["CancelOrder", { reason: "x".repeat(501) }], "INVALID_REQUEST", ["reason"]],
  ])("of a change %s", async (_, [type, options], reason, fields) => {
    const found = await sameThroughAll(async (door) => {
      const { id } = await door.create(content);
      return refusal(door.change(type, id, options));
    });
    expect(found).toEqual({ reason, fields });
  });

  test("of another command under a key that was used", async () => {
    const found = await sameThroughAll(async (door) => {
      const requestId = randomUUID();
      await door.create({ ...content, requestId });
      return refusal(door.create({ ...content, customerId: "another", requestId }));
    });
    expect(found).toEqual({ reason: "IDEMPOTENCY_KEY_REUSED", fields: [] });
  });
});
