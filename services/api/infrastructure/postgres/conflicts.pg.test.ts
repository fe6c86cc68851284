import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { noDeadline } from "../../testing/calls.ts";
import { connectionsOf } from "../../testing/connections.ts";
import type { Connections } from "./connections.ts";
import type { Statement } from "./statement-batch.ts";
import { createTxManager, type Tx } from "./transactions.ts";

let database: TestDatabase;
let owner: pg.Pool;
let connections: Connections;
let retries = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  connections = connectionsOf(new pg.Pool({ connectionString: database.ownerUrl, max: 4 }));
  await owner.query("create table counter (id int primary key, value int not null)");
});

beforeEach(async () => {
  retries = 0;
  await owner.query("truncate counter; insert into counter values (1, 0), (2, 0)");
});

afterAll(async () => {
  await connections.close();
  await owner.end();
  await database.drop();
});

const transactions = () =>
  createTxManager(connections, () => {
    retries += 1;
  });
const increment = (id: number): Statement => ({
  name: "increment",
  text: "update counter set value = value + 1 where id = $1 returning value",
  values: [String(id)],
});
const values = async () =>
  (await owner.query("select value from counter order by id")).rows.map((row) => row.value);

test("of two transactions that wait for one another the one that Postgres ends runs again, and both are done", async () => {
  const meet = Promise.withResolvers<void>();
  let arrived = 0;
  const inOrder = (first: number, second: number) => async (tx: Tx) => {
    await tx.query(increment(first));
    // Once each has its first row.
    arrived += 1;
    if (arrived === 2) meet.resolve();
    await meet.promise;
    await tx.query(increment(second));
  };
  await Promise.all([
    transactions().run(inOrder(1, 2), noDeadline),
    transactions().run(inOrder(2, 1), noDeadline),
  ]);
  expect(await values()).toEqual([2, 2]);
  expect(retries).toBe(1);
});

const repeatableRead: Statement = {
  name: "repeatable-read",
  text: "set transaction isolation level repeatable read",
  values: [],
};
const readAll: Statement = { name: "read-all", text: "select value from counter", values: [] };

test("a transaction whose row was changed under it runs again, on what is there now", async () => {
  await transactions().run(async (tx) => {
    tx.write(repeatableRead);
    await tx.query(readAll);
    if (retries === 0) await owner.query("update counter set value = 10 where id = 1");
    await tx.query(increment(1));
  }, noDeadline);
  expect(await values()).toEqual([11, 0]);
  expect(retries).toBe(1);
});

test("what conflicts each time is told to the caller as something to try again, after a few tries", async () => {
  let tries = 0;
  const conflicting = transactions().run(async (tx) => {
    tries += 1;
    tx.write(repeatableRead);
    await tx.query(readAll);
    await owner.query("update counter set value = value + 1 where id = 1");
    await tx.query(increment(1));
  }, noDeadline);
  await expect(conflicting).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(tries).toBe(5);
  expect(await values()).toEqual([5, 0]);
});

test("a caller that goes away between two tries is the last to be tried for", async () => {
  const caller = new AbortController();
  let tries = 0;
  const conflicting = transactions().run(
    async (tx) => {
      tries += 1;
      tx.write(repeatableRead);
      await tx.query(readAll);
      await owner.query("update counter set value = value + 1 where id = 1");
      if (tries === 2) caller.abort();
      await tx.query(increment(1));
    },
    { signal: caller.signal, remainingMs: () => undefined },
  );
  await expect(conflicting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(tries).toBe(2);
});
