import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { noDeadline } from "../../testing/calls.ts";
import { connectionsOf } from "../../testing/connections.ts";
import type { Connections } from "./connections.ts";
import type { Statement } from "./statement-batch.ts";
import { createTxManager, type Tx } from "./transactions.ts";

let database: TestDatabase;
/** One connection: what a transaction leaves behind meets the next one. */
let pool: pg.Pool;
let connections: Connections;
let retries = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
  connections = connectionsOf(pool);
  await pool.query("create table note (id text primary key, text text not null)");
  await pool.query("create table deferred (id text unique deferrable initially deferred)");
});

afterAll(async () => {
  await connections.close();
  await database.drop();
});

const run = (work: (tx: Tx) => Promise<unknown>) =>
  createTxManager(connections, () => {
    retries += 1;
  }).run(work, noDeadline);

function insert(id: string, text: string | null = "…"): Statement {
  return { name: "insert-note", text: "insert into note (id, text) values ($1, $2)", values: [id, text] };
}
function insertDeferred(id: string): Statement {
  return { name: "insert-deferred", text: "insert into deferred (id) values ($1)", values: [id] };
}
async function notes(...ids: string[]): Promise<string[]> {
  const { rows } = await pool.query("select id from note where id = any($1) order by text", [ids]);
  return rows.map(({ id }) => id);
}

test("what a transaction writes is committed together, by one transaction, and keeps every character", async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  await run(async (tx) => {
    tx.write(insert(a, "1 '日本' \\ \n"));
    tx.write(insert(b, "2"));
  });
  expect(await notes(a, b)).toEqual([a, b]);
  const { rows } = await pool.query("select xmin::text, text from note where id in ($1, $2) order by text", [
    a,
    b,
  ]);
  expect(rows[0].text).toBe("1 '日本' \\ \n");
  expect(rows[0].xmin).toBe(rows[1].xmin);
});

test.each([
  ["the first", 0],
  ["the last", 1],
])("when %s of the writes fails none is done, and the connection works on", async (_, failing) => {
  const [a, b] = [randomUUID(), randomUUID()];
  const writes = [insert(a), insert(b)];
  writes[failing] = insert(randomUUID(), null);
  const failed = run(async (tx) => {
    for (const write of writes) tx.write(write);
  });
  await expect(failed).rejects.toMatchObject({ code: "23502" });
  expect(await notes(a, b)).toEqual([]);
  await run(async (tx) => tx.write(insert(a)));
  expect(await notes(a)).toEqual([a]);
});

test("what only the commit finds wrong rejects as well, and nothing is written", async () => {
  const a = randomUUID();
  const failed = run(async (tx) => {
    tx.write(insert(a));
    tx.write(insertDeferred(a));
    tx.write(insertDeferred(a));
  });
  await expect(failed).rejects.toMatchObject({ code: "23505" });
  expect(await notes(a)).toEqual([]);
});

test("a statement whose first use failed can be used again", async () => {
  const missing: Statement = {
    name: "into-later",
    text: "insert into later (id) values ($1)",
    values: ["1"],
  };
  await expect(run(async (tx) => tx.write(missing))).rejects.toMatchObject({ code: "42P01" });
  await pool.query("create table later (id text)");
  const [a, b] = [randomUUID(), randomUUID()];
  // Prepared before the one that fails, in the same round trip.
  const failed = run(async (tx) => {
    tx.write(missing);
    tx.write({ ...missing, name: "not-there", text: "insert into nowhere (id) values ($1)" });
  });
  await expect(failed).rejects.toMatchObject({ code: "42P01" });
  await run(async (tx) => {
    tx.write(missing);
    tx.write(insert(a));
    tx.write(insert(b));
  });
  expect((await pool.query("select count(*)::int as count from later")).rows[0].count).toBe(1);
});

test("a transaction reads what it has written; what it writes after that is committed with it, or undone with it", async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  const work = async (tx: Tx) => {
    tx.write(insert(a));
    const text = "select text, null as nothing, 1::bigint as big from note where id = $1";
    expect(await tx.query({ name: "read-note", text, values: [a] })).toEqual([
      { text: "…", nothing: null, big: "1" },
    ]);
    tx.write(insert(b));
  };
  const undone = run(async (tx) => {
    await work(tx);
    throw new Error("planted");
  });
  await expect(undone).rejects.toThrow("planted");
  expect(await notes(a, b)).toEqual([]);
  await run(work);
  expect(await notes(a, b)).toHaveLength(2);
});

test("a query that failed and was passed over does not end in a commit that did nothing", async () => {
  const a = randomUUID();
  const failed = run(async (tx) => {
    tx.write(insert(a));
    await tx.query({ name: "fails", text: "select 1 / 0", values: [] }).catch(() => {});
  });
  await expect(failed).rejects.toThrow("the transaction ended with ROLLBACK");
  expect(await notes(a)).toEqual([]);
});

test("after a serialization failure the work runs again, from its beginning", async () => {
  const a = randomUUID();
  let tries = 0;
  await run(async (tx) => {
    tries += 1;
    tx.write(insert(a));
    const conflict = "do $$ begin raise 'planted' using errcode = 'serialization_failure'; end $$";
    if (tries === 1) tx.write({ name: "conflict", text: conflict, values: [] });
  });
  expect(tries).toBe(2);
  expect(retries).toBe(1);
  expect(await notes(a)).toEqual([a]);
});

test("work that neither writes nor reads is no transaction at all", async () => {
  expect(await run(async () => "done")).toBe("done");
});

test("a connection that breaks rejects with UNAVAILABLE, and another one takes its place", async () => {
  const a = randomUUID();
  const broken = run(async (tx) => {
    tx.write(insert(a));
    tx.write({ name: "break", text: "select pg_terminate_backend(pg_backend_pid())", values: [] });
  });
  await expect(broken).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await run(async (tx) => tx.write(insert(a)));
  expect(await notes(a)).toEqual([a]);
});
