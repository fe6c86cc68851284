import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { createPostgresPool } from "../../../platform/postgres-pool.ts";
import type { Deadline } from "../../application/ports.ts";
import { noDeadline } from "../../testing/calls.ts";
import { connectionsOf, silent } from "../../testing/connections.ts";
import type { Connections } from "./connections.ts";
import type { Statement } from "./statement-batch.ts";
import { createTxManager } from "./transactions.ts";

const NAME = "connections under test";

let database: TestDatabase;
let proxy: TcpProxy;
/** Not through the proxy. */
let owner: pg.Pool;
/** One connection: what a caller leaves behind meets the next one. */
let connections: Connections;

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.ownerUrl);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  await owner.query(
    "create table note (id int primary key, text text not null); insert into note values (1, 'a')",
  );
});

beforeEach(() => {
  const url = new URL(database.ownerUrl);
  url.port = String(proxy.port);
  const pool = createPostgresPool(
    { connectionString: url.href, max: 1, application_name: NAME, statement_timeout: 5_000 },
    silent,
  );
  connections = connectionsOf(pool, { statementTimeoutMs: 5_000 });
});

afterEach(async () => {
  proxy.restore();
  await connections.close();
});

afterAll(async () => {
  await owner.end();
  await proxy.close();
  await database.drop();
});

const statement = (name: string, text: string, ...values: string[]): Statement => ({ name, text, values });
const sleep = (seconds: number) => statement(`sleep-${seconds}`, `select pg_sleep(${seconds})`);
const timeout = statement(
  "show-timeout",
  "select setting::int as ms from pg_settings where name = 'statement_timeout'",
);
const write = (id: number) => statement("write-note", "insert into note values ($1, 'x')", String(id));

/** As of a caller that waits so long from now on; nobody aborts its signal. */
function within(ms: number): Deadline {
  const until = performance.now() + ms;
  return { signal: noDeadline.signal, remainingMs: () => until - performance.now() };
}

async function untilItRuns(text: string): Promise<void> {
  const running =
    "select 1 from pg_stat_activity where application_name = $1 and state = 'active' and query = $2";
  await eventually(async () => expect((await owner.query(running, [NAME, text])).rows).toHaveLength(1));
}

async function idsFrom(id: number): Promise<number[]> {
  return (await owner.query("select id from note where id >= $1 order by id", [id])).rows.map(
    (row) => row.id,
  );
}

test("a read ends when the caller's deadline passes, and the next caller has the connection's own limit again", async () => {
  await expect(connections.read(sleep(4), within(150))).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(await connections.read(timeout, noDeadline)).toEqual([{ ms: 5_000 }]);
  expect(await connections.read(timeout, within(2_000))).not.toEqual([{ ms: 5_000 }]);
  expect(await connections.read(timeout, within(60_000))).toEqual([{ ms: 5_000 }]);
});

test("every statement of a transaction ends when the deadline passes; nothing of it is kept, on the connection neither", async () => {
  const transactions = createTxManager(connections, () => {});
  const tooLate = transactions.run(async (tx) => {
    tx.write(write(10));
    await tx.query(timeout);
    tx.write(write(11));
    await tx.query(sleep(4));
  }, within(300));
  await expect(tooLate).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const onlyWrites = transactions.run(async (tx) => {
    tx.write(write(12));
    tx.write(sleep(4));
  }, within(150));
  await expect(onlyWrites).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const inTime = transactions.run(async (tx) => {
    const [before] = await tx.query<{ ms: number }>(timeout);
    tx.write(write(13));
    const [after] = await tx.query<{ ms: number }>(timeout);
    return [before?.ms, after?.ms];
  }, within(4_000));
  for (const ms of await inTime) expect(ms).toSatisfy((ms: number) => ms > 1_000 && ms <= 4_000);
  expect(await idsFrom(10)).toEqual([13]);
  expect(await connections.read(timeout, noDeadline)).toEqual([{ ms: 5_000 }]);
});

test("a statement that took longer than the server grants is unavailability, not the caller's fault", async () => {
  await expect(connections.read(sleep(20), noDeadline)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("with a deadline that has passed the database is not asked", async () => {
  proxy.cut();
  await expect(connections.read(timeout, within(0))).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(connections.counts()).toEqual({ used: 0, idle: 0, waiting: 0 });
});

test("what runs for a caller that goes away is cancelled; its transaction is undone, and the connection is used again", async () => {
  const [first] = await connections.read<{ pid: number }>(
    statement("pid", "select pg_backend_pid() as pid"),
    noDeadline,
  );
  const caller = new AbortController();
  const left = createTxManager(connections, () => {}).run(
    async (tx) => {
      tx.write(write(20));
      await tx.query(sleep(4));
    },
    { signal: caller.signal, remainingMs: () => undefined },
  );
  await untilItRuns("select pg_sleep(4)");
  caller.abort();
  await expect(left).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const [next] = await connections.read<{ pid: number }>(
    statement("pid", "select pg_backend_pid() as pid"),
    noDeadline,
  );
  expect(next?.pid).toBe(first?.pid);
  expect(await idsFrom(20)).toEqual([]);
});

test("a caller that goes away while it waits leaves the queue, and its work never begins", async () => {
  const blocking = connections.read(sleep(1), noDeadline);
  await untilItRuns("select pg_sleep(1)");
  const caller = new AbortController();
  const begun: string[] = [];
  const left = connections.use(async () => begun.push("begun"), {
    signal: caller.signal,
    remainingMs: () => undefined,
  });
  expect(connections.counts().waiting).toBe(1);
  caller.abort();
  await expect(left).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(connections.counts().waiting).toBe(0);
  await blocking;
  await connections.read(timeout, noDeadline);
  expect(begun).toEqual([]);
});

test("a caller that goes away while a connection is opened leaves at once; the connection is the next one's", async () => {
  proxy.stall("toClient");
  const caller = new AbortController();
  const deadline = { signal: caller.signal, remainingMs: () => undefined };
  const left = connections.read(timeout, deadline);
  await eventually(() => expect(connections.counts().used).toBe(1));
  caller.abort();
  await expect(left).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect(connections.read(timeout, deadline)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  proxy.restore();
  expect(await connections.read(timeout, noDeadline)).toEqual([{ ms: 5_000 }]);
  expect(connections.counts()).toMatchObject({ used: 0, idle: 1 });
});

test("a connection on which nothing comes any more is given up, and another one takes its place", async () => {
  await connections.close();
  const url = new URL(database.ownerUrl);
  url.port = String(proxy.port);
  const pool = createPostgresPool({ connectionString: url.href, max: 1, application_name: NAME }, silent);
  connections = connectionsOf(pool, { statementTimeoutMs: 100 });
  await connections.read(timeout, noDeadline);
  proxy.stall();
  await expect(connections.read(timeout, noDeadline)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  proxy.restore();
  expect(await connections.read(timeout, noDeadline)).toHaveLength(1);
});

test("work that leaves a transaction open leaves it to nobody", async () => {
  await connections.use(
    (session) => session.send([statement("begin", "begin"), write(30)]).then(() => undefined),
    noDeadline,
  );
  await connections.read(timeout, noDeadline);
  expect(await idsFrom(30)).toEqual([]);
});
