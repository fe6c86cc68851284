import type pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { insertOn, partitionOf, partitions } from "./testing/outbox-days.ts";
import { openRolesDatabase, type RolesDatabase } from "./testing/roles-database.ts";

let database: RolesDatabase;
let owner: pg.Pool;
let relay: pg.Pool;

beforeEach(async () => {
  database = await openRolesDatabase();
  ({ owner, relay } = database);
});

afterEach(() => database.close());

async function make(daysAhead: number | null): Promise<number> {
  return (await relay.query("select outbox_make_partitions($1) as made", [daysAhead])).rows[0].made;
}

const days = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => partitionOf(-(from + i)));

test("the migrations make the partitions of today and the seven days to come; what is there is not made again", async () => {
  expect(await partitions(owner)).toEqual(days(0, 7));
  expect(await make(7)).toBe(0);
  expect(await make(9)).toBe(2);
  expect(await partitions(owner)).toEqual(days(0, 9));
});

test("a missing one in between is made, and each day's rows go to its partition from its first moment to its last", async () => {
  await owner.query(`drop table ${partitionOf(-1)}`);
  expect(await make(7)).toBe(1);
  const day = partitionOf(-1).replace(/^outbox_p(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
  await insertOn(owner, `${day} 00:00:00+00`);
  await insertOn(owner, `${day} 23:59:59.999999+00`);
  const { rows } = await owner.query("select tableoid::regclass::text as partition from outbox");
  expect(rows).toEqual([{ partition: partitionOf(-1) }, { partition: partitionOf(-1) }]);
});

test("whatever number of days is asked for, today's is made and no more than a year's", async () => {
  await owner.query(`drop table ${partitionOf(0)}`);
  expect(await make(-5)).toBe(1);
  await owner.query(`drop table ${partitionOf(0)}`);
  expect(await make(null)).toBe(1);
  expect(await make(1_000_000)).toBe(366 - 7);
});

test("a day of which the default partition has rows is left to it, and the other days are made", async () => {
  for (const daysAhead of [2, 4]) await owner.query(`drop table ${partitionOf(-daysAhead)}`);
  await insertOn(owner, -2);
  expect(await make(7)).toBe(1);
  expect(await partitions(owner)).toEqual([...days(0, 1), ...days(3, 7)]);
  const { rows } = await owner.query("select count(*)::int as count from outbox_default");
  expect(rows).toEqual([{ count: 1 }]);
});

test("while a transaction is open that has written to the outbox, partitions can be made and others can write", async () => {
  const writer = await database.session("owner");
  await writer.query("begin");
  await insertOn(writer, 0);
  const making = make(8);
  await insertOn(owner, 0);
  expect(await making).toBe(1);
  await writer.query("rollback");
});

test("two that make the same partitions at once do not fail", async () => {
  const made = await Promise.all([make(12), make(12)]);
  expect(made[0] + made[1]).toBe(5);
  expect(await partitions(owner)).toEqual(days(0, 12));
});

test("what is made can be read by the relay and written by the API through the outbox alone", async () => {
  await make(8);
  await relay.query("select * from outbox");
  const { api } = database;
  for (const [client, statement] of [
    [relay, `select * from ${partitionOf(-8)}`],
    [api, `insert into ${partitionOf(-8)} default values`],
    [api, "select outbox_make_partitions()"],
  ] as const) {
    await expect(client.query(statement), statement).rejects.toThrow("permission denied");
  }
});
