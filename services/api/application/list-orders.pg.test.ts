import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrderStatus } from "../domain/order.ts";
import { anyCall, orderInput } from "../testing/calls.ts";
import { type OpenUseCases, openUseCases } from "../testing/use-cases.ts";
import { DEFAULT_PAGE_SIZE, type ListOrdersInput, MAX_PAGE_SIZE } from "./list-orders.ts";

let orders: OpenUseCases;

beforeAll(async () => {
  orders = await openUseCases();
});

afterAll(() => orders.close());

const ask = (over: Partial<ListOrdersInput> = {}): ListOrdersInput => ({
  customerId: undefined,
  pickupPointId: undefined,
  status: undefined,
  pageSize: undefined,
  pageToken: undefined,
  ...over,
});

interface Seed {
  readonly customerId?: string;
  readonly pickupPointId?: string;
  readonly status?: OrderStatus;
  /** Several have the same: only their ids order them. */
  readonly createdAt: string;
}

/** Stored orders, without events; the ids. */
async function seed(seeds: readonly Seed[]): Promise<string[]> {
  const ids = seeds.map(() => randomUUID());
  for (const [index, { customerId, pickupPointId, status, createdAt }] of seeds.entries()) {
    await orders.pool.query(
      `insert into orders (id, customer_id, pickup_point_id, currency, lines, total_minor, status, version, created_at)
       values ($1, $2, $3, 'EUR', '[]', 0, $4, 1, $5)`,
      [ids[index], customerId ?? "c", pickupPointId ?? "p", status ?? "created", createdAt],
    );
  }
  return ids;
}

/** All pages, one after the other; `between` runs after each. */
async function allPages(input: ListOrdersInput, between = async () => {}) {
  const pages: string[][] = [];
  let pageToken: string | undefined;
  do {
    const page = await orders.listOrders({ ...input, pageToken }, anyCall);
    pages.push(page.orders.map(({ id }) => id));
    pageToken = page.nextPageToken;
    await between();
  } while (pageToken !== undefined);
  return pages;
}

test("pages hold every order once, newest first, though orders of one millisecond meet a page's end", async () => {
  const customerId = randomUUID();
  const times = ["10:00:00.000Z", "10:00:00.001Z", "10:00:00.002Z"];
  const ids = await seed(
    Array.from({ length: 30 }, (_, i) => ({ customerId, createdAt: `2026-01-01T${times[i % 3]}` })),
  );
  for (const pageSize of [1, 7, 10, 30]) {
    const pages = await allPages(ask({ customerId, pageSize }));
    expect(pages.map(({ length }) => length).every((length) => length > 0 && length <= pageSize)).toBe(true);
    expect(pages.flat().sort()).toEqual([...ids].sort());
  }
  const { rows } = await orders.pool.query(
    "select id from orders where customer_id = $1 order by created_at desc, id desc",
    [customerId],
  );
  expect((await allPages(ask({ customerId, pageSize: 4 }))).flat()).toEqual(rows.map(({ id }) => id));
});

test("orders that come while pages are read push none out and bring none twice", async () => {
  const customerId = randomUUID();
  const before = await seed(
    Array.from({ length: 20 }, (_, i) => ({ customerId, createdAt: `2026-01-01T00:00:${10 + i}Z` })),
  );
  const pages = await allPages(ask({ customerId, pageSize: 3 }), async () => {
    for (let i = 0; i < 2; i++) await orders.createOrder(orderInput({ customerId }), anyCall);
  });
  expect(pages.flat()).toEqual(before.toReversed());
});

test("filters hold together, for every set of them, from page to page", async () => {
  const [mine, point] = [randomUUID(), randomUUID()];
  const seeds: Seed[] = [];
  for (const customerId of [mine, randomUUID()]) {
    for (const pickupPointId of [point, randomUUID()]) {
      for (const status of ["created", "ready", "issued"] as const) {
        for (const second of [1, 2])
          seeds.push({ customerId, pickupPointId, status, createdAt: `2026-02-01T00:00:0${second}Z` });
      }
    }
  }
  const ids = await seed(seeds);
  const sets: Partial<ListOrdersInput>[] = [{ customerId: mine }, { pickupPointId: point }];
  for (const set of [...sets, { customerId: mine, pickupPointId: point }])
    for (const status of ["created", "ready", "issued"] as const) sets.push({ ...set, status });
  for (const set of sets) {
    const expected = ids.filter((_, i) =>
      Object.entries(set).every(([name, value]) => seeds[i]?.[name as keyof Seed] === value),
    );
    expect(expected.length).toBeGreaterThan(0);
    expect((await allPages(ask({ ...set, pageSize: 1 }))).flat().sort()).toEqual(expected.sort());
  }
  expect((await orders.listOrders(ask({ customerId: mine, status: "cancelled" }), anyCall)).orders).toEqual(
    [],
  );
});

test("a page has the default size when none is asked for, and never more than the largest", async () => {
  const customerId = randomUUID();
  const createdAt = "2026-03-01T00:00:00Z";
  await seed(Array.from({ length: MAX_PAGE_SIZE + 1 }, () => ({ customerId, createdAt })));
  const size = async (pageSize: number | undefined) =>
    (await orders.listOrders(ask({ customerId, pageSize }), anyCall)).orders.length;
  expect(await size(undefined)).toBe(DEFAULT_PAGE_SIZE);
  expect(await size(0)).toBe(DEFAULT_PAGE_SIZE);
  expect(await size(100_000)).toBe(MAX_PAGE_SIZE);
  await expect(size(-1)).rejects.toMatchObject({ code: "INVALID_REQUEST" });
});

test("a token is good only for the filters that it was given for, and nothing else is a token", async () => {
  const customerId = randomUUID();
  await seed([1, 2, 3].map((second) => ({ customerId, createdAt: `2026-04-01T00:00:0${second}Z` })));
  const { nextPageToken } = await orders.listOrders(ask({ customerId, pageSize: 1 }), anyCall);
  expect(nextPageToken).toBeDefined();
  const misuses: Partial<ListOrdersInput>[] = [
    { customerId: randomUUID(), pageToken: nextPageToken },
    { pageToken: nextPageToken },
    { customerId, status: "ready", pageToken: nextPageToken },
    { customerId, pageToken: "' or 1 = 1 --" },
    { customerId, pageToken: `${nextPageToken}AAAA` },
    { customerId, pageToken: nextPageToken?.slice(0, -1) },
  ];
  for (const misuse of misuses) {
    await expect(orders.listOrders(ask(misuse), anyCall)).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      violations: [{ path: ["pageToken"] }],
    });
  }
});

test("a customer's list is of its own orders, and its tokens lead nowhere else", async () => {
  const [mine, other] = [randomUUID(), randomUUID()];
  const createdAt = "2026-05-01T00:00:00Z";
  const ids = await seed([mine, other, mine].map((customerId) => ({ customerId, createdAt })));
  const call = { ...anyCall, caller: { id: mine, customerId: mine } };
  const page = await orders.listOrders(ask({ pageSize: 1 }), call);
  const next = await orders.listOrders(ask({ pageSize: 1, pageToken: page.nextPageToken }), call);
  expect([...page.orders, ...next.orders].map(({ id }) => id).sort()).toEqual([ids[0], ids[2]].sort());
  expect(next.nextPageToken).toBeUndefined();
  expect((await orders.listOrders(ask({ customerId: other }), call)).orders).toEqual([]);
  const theirs = { ...anyCall, caller: { id: other, customerId: other } };
  const misused = orders.listOrders(ask({ pageToken: page.nextPageToken }), theirs);
  await expect(misused).rejects.toMatchObject({ code: "INVALID_REQUEST" });
});
