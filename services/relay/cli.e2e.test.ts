import pg from "pg";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { readToEnd, uniqueTopic } from "../../test/support/kafka.ts";
import { delay } from "../platform/delay.ts";
import { insertKey } from "./testing/letter-rows.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { type CliRun, runRelayCli } from "./testing/running-cli.ts";
import { type RelayUnderTest, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let pool: pg.Pool;
let topic: string;
let slot: string;
const running: RelayUnderTest[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  topic = uniqueTopic("cli");
  slot = `${database.name}_slot`;
});

afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
  await pool.end();
  await database.drop();
});

async function start(more: Record<string, string> = {}): Promise<RelayUnderTest> {
  const relay = await startRelay({
    databaseUrl: database.relayUrl,
    slot,
    topic,
    more: { RELAY_TICK_INTERVAL_MS: "200", ...more },
  });
  running.push(relay);
  return relay;
}

async function stop(relay: RelayUnderTest): Promise<void> {
  running.splice(running.indexOf(relay), 1);
  await relay.stop();
}

function cli(args: string[], variables: Record<string, string> = {}): Promise<CliRun> {
  return runRelayCli(args, { DATABASE_URL: database.relayUrl, RELAY_NAME: slot, ...variables });
}

const processed = (count: number) =>
  eventually(
    async () => {
      const { rows } = await pool.query(
        "select count(*)::int as all, count(*) filter (where status = 'processed')::int as processed from outbox_status",
      );
      expect(rows[0]).toEqual({ all: count, processed: count });
    },
    { timeoutMs: 20_000 },
  );

/** How often each of these events is on the topic. */
async function timesOnTopic(ids: string[]): Promise<number[]> {
  const times = new Map<string, number>();
  for (const { headers } of await readToEnd(topic)) {
    const id = headers.ce_id ?? "";
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  return ids.map((id) => times.get(id) ?? 0);
}

const each = async (ids: string[]) => [...new Set(await timesOnTopic(ids))];

/** Makes the rows look as if they came out of another cluster's dump, whose transactions were numbered far higher. */
async function asFromElsewhere(ids: string[]): Promise<void> {
  await pool.query("update outbox set transaction_id = '900000000000' where id = any($1::uuid[])", [ids]);
}

/** As after a restored dump: rows and checkpoint are another cluster's, which the slot knows nothing of. */
async function restoreFromElsewhere(count: number): Promise<string[]> {
  const { rows } = await pool.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, transaction_id)
     select gen_random_uuid(), 'order', 'restored', i, 'OrderCreated', '{}', (900000000000 + i)::text::xid8
       from generate_series(1, $1) i returning id`,
    [count],
  );
  await pool.query(
    "update relay_checkpoint set published = '900000000000:900000000000:', system_identifier = 'another'",
  );
  return rows.map(({ id }) => id);
}

async function saysDatabaseChanged(relay: RelayUnderTest): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${relay.opsUrl}/readyz`);
    expect(await response.text()).toMatch(/outbox reset --adopt.*outbox reset --republish/);
  });
}

describe.each(["cdc", "polling"])("reset in %s mode", (mode) => {
  test("adopt publishes nothing of what was restored, and all that comes after", async () => {
    const first = await start({ RELAY_MODE: mode });
    const before = await insertKey(pool, { key: "before", count: 5 });
    await processed(5);
    await stop(first);
    const restored = await restoreFromElsewhere(50);
    const relay = await start({ RELAY_MODE: mode });
    await saysDatabaseChanged(relay);
    const reset = await cli(["reset", "--adopt", "--yes"]);
    expect(reset.stderr).toMatch(/the outbox has 55 events/);
    expect(reset).toMatchObject({
      exitCode: 0,
      stdout: `relay ${slot} was reset: 0 events are left to publish\n`,
    });
    const after = await insertKey(pool, { key: "after", count: 5 });
    await processed(60);
    await stop(relay);
    expect(await each([...before, ...after])).toEqual([1]);
    expect(await each(restored)).toEqual([0]);
  });

  test("republish publishes all once more, in order, and after a restart not again", async () => {
    const first = await start({ RELAY_MODE: mode });
    const before = await insertKey(pool, { key: "before", count: 5 });
    await processed(5);
    await stop(first);
    const restored = await restoreFromElsewhere(50);
    const relay = await start({ RELAY_MODE: mode });
    await saysDatabaseChanged(relay);
    const reset = await cli(["reset", "--republish", "--yes", "--json"]);
    expect(JSON.parse(reset.stdout)).toEqual({ relay: slot, way: "republish", toPublish: 55 });
    await processed(55);
    await stop(relay);
    await start({ RELAY_MODE: mode });
    const after = await insertKey(pool, { key: "after", count: 5 });
    await processed(60);
    expect(await each(before)).toEqual([2]);
    expect(await each([...restored, ...after])).toEqual([1]);
    const records = await readToEnd(topic);
    expect(records.filter(({ key }) => key === "restored").map(({ headers }) => headers.ce_id)).toEqual(
      restored,
    );
  });

  test("a relay at work notices a republish, and loses nothing of what is written meanwhile", async () => {
    await start({ RELAY_MODE: mode });
    const before = await insertKey(pool, { key: "before", count: 5 });
    await processed(5);
    const writing = new AbortController();
    const written: string[] = [];
    const writer = (async () => {
      for (let version = 1; !writing.signal.aborted; version++) {
        written.push(...(await insertKey(pool, { key: "busy", firstVersion: version })));
        await delay(2, writing.signal);
      }
    })();
    onTestFinished(() => writing.abort());
    expect((await cli(["reset", "--republish", "--yes"])).exitCode).toBe(0);
    // The leader's, the reset's and the one of the leader that has noticed.
    await eventually(async () => {
      const { rows } = await pool.query("select epoch >= 3 as noticed from relay_checkpoint");
      expect(rows).toEqual([{ noticed: true }]);
    });
    writing.abort();
    await writer;
    await processed(5 + written.length);
    expect(await each(before)).toEqual([2]);
    const times = await timesOnTopic(written);
    expect(Math.min(...times)).toBe(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(2);
  });

  test("a republish with dead letters brings their keys in order", async () => {
    const first = await start({ RELAY_MODE: mode });
    const order = await insertKey(pool, { key: "k", count: 2 });
    await processed(2);
    await stop(first);
    const unrouted = await start({ RELAY_MODE: mode, RELAY_TOPICS: `parcel=${topic}` });
    order.push(...(await insertKey(pool, { key: "k", firstVersion: 3, count: 2 })));
    await processed(4);
    await stop(unrouted);
    expect((await cli(["reset", "--republish", "--yes"])).exitCode).toBe(0);
    await start({ RELAY_MODE: mode });
    await processed(4);
    const ids = (await readToEnd(topic)).map(({ headers }) => headers.ce_id);
    expect(ids).toEqual([order[0], order[1], ...order]);
  });
});

test("an unknown transaction id on a dead letter does not hold the relay up", async () => {
  const unrouted = await start({ RELAY_TOPICS: `parcel=${topic}` });
  const [id = ""] = await insertKey(pool, { key: "k" });
  await processed(1);
  await stop(unrouted);
  await asFromElsewhere([id]);
  await pool.query("update outbox_dead_letter set transaction_id = '900000000000'");
  await cli(["reset", "--adopt", "--yes"]);
  await start();
  expect(await cli(["dead-letters", "retry", id])).toMatchObject({
    exitCode: 0,
    stdout: `${id} published\n`,
  });
  expect(await checkOutbox(pool, topic)).toEqual({ committed: 1, ...nothingWrong });
});

describe("on its command line", () => {
  test.each([
    [
      "nothing listens there",
      { DATABASE_URL: "postgres://outbox_relay:s3cret@127.0.0.1:1/orders" },
      1,
      /nothing listens there/,
    ],
    [
      "the host is unknown",
      { DATABASE_URL: "postgres://outbox_relay:s3cret@nowhere.invalid/orders" },
      1,
      /correct DATABASE_URL/,
    ],
    [
      "all of the configuration is wrong",
      { DATABASE_URL: "mysql://u:s3cret@h/d", RELAY_NAME: "x".repeat(64) },
      2,
      /DATABASE_URL: .*\n.*RELAY_NAME: /,
    ],
    ["DATABASE_URL is missing", { DATABASE_URL: "" }, 2, /DATABASE_URL: is required/],
  ] as const)(
    "%s: it says so with what helps, without a secret or a stack",
    async (_, variables, exitCode, text) => {
      const run = await cli(["history"], variables);
      expect(run.stderr).toMatch(text);
      expect(run).toMatchObject({ exitCode, stdout: "" });
      expect(run.stderr).not.toMatch(/s3cret|\n\s+at /);
    },
  );

  test.each([
    ["another password", { password: "s3cret" }, /password/],
    ["another database", { pathname: "/nowhere" }, /correct the database in DATABASE_URL/],
    ["a database without migrations", { pathname: "/postgres" }, /apply the migrations: npm run migrate/],
    ["a role without rights", { username: "orders_api" }, /use the role outbox_operator or outbox_relay/],
  ] as const)("with %s it fails in one line that names what helps", async (_, part, text) => {
    const url = Object.assign(new URL(database.relayUrl), part);
    const run = await cli(["dead-letters", "list"], { DATABASE_URL: url.href });
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toMatch(text);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
    expect(run.stderr).not.toContain("s3cret");
  });

  test("a relay that has never run is named with those that have", async () => {
    await pool.query("insert into relay_checkpoint (relay) values ('parcels')");
    const run = await cli(["dead-letters", "list"]);
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toMatch(`this database knows no relay ${slot} (there is: parcels)`);
  });

  test("colours are for terminals: a pipe gets plain text", async () => {
    await pool.query("insert into relay_checkpoint (relay) values ($1)", [slot]);
    await pool.query("insert into relay_history (relay, reason) values ($1, 'something')", [slot]);
    const run = await cli(["history"]);
    expect(run.stdout).toMatch(/^AT +WHAT\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}something\n$/);
    expect((await cli(["history"], { FORCE_COLOR: "1" })).stdout).toContain("\u001b[1mAT");
  });

  test("a reset that a writer's open transaction keeps waiting says so after 5 s and changes nothing", async () => {
    await pool.query("insert into relay_checkpoint (relay) values ($1)", [slot]);
    const writer = await pool.connect();
    try {
      await writer.query("begin");
      await insertKey(writer, { key: "k" });
      const run = await cli(["reset", "--adopt", "--yes"]);
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toMatch(
        /a transaction that is open has written to the outbox; end it, or try again later/,
      );
      expect((await cli(["history", "--json"])).stdout).toBe("[]\n");
    } finally {
      writer.release(true);
    }
  });
});
