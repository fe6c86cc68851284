import { hostname, userInfo } from "node:os";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { type KafkaRecord, readToEnd } from "../../test/support/kafka.ts";
import { insertKey } from "./testing/letter-rows.ts";
import { type OperatedRelay, openOperatedRelay } from "./testing/operated-relay.ts";
import { insertRows } from "./testing/outbox-rows.ts";
import { startRelayCli } from "./testing/running-cli.ts";

const who = `${userInfo().username}@${hostname()}`;
let outbox: OperatedRelay;

// Each command is a process of its own, beside relays and writers.
vi.setConfig({ testTimeout: 90_000 });

beforeEach(async () => {
  outbox = await openOperatedRelay("replay");
});

afterEach(() => outbox.dispose());

const isReplay = ({ headers }: KafkaRecord) => headers.ce_replayid !== undefined;

/** By the relay alone, everything is on the topic once and in order. */
const settle = () => outbox.settle({ ignore: isReplay });

async function replayed(): Promise<KafkaRecord[]> {
  return (await readToEnd(outbox.topic)).filter(isReplay);
}

const ids = (records: KafkaRecord[]) => records.map(({ headers }) => headers.ce_id);

function inOrderPerKey(records: KafkaRecord[]): boolean {
  const last = new Map<string, number>();
  return records.every(({ key, headers }) => {
    const name = `${key} ${headers.ce_replayid}`;
    const version = Number(headers.ce_aggregateversion);
    const before = last.get(name) ?? -1;
    last.set(name, version);
    return version > before;
  });
}

async function publishedRows(count: number): Promise<void> {
  await insertRows(outbox.pool, { count });
  await eventually(async () => expect(await outbox.published()).toBe(count), { timeoutMs: 20_000 });
}

/** As exact as the rows' times: what is inserted next may be of the same millisecond. */
async function now(): Promise<string> {
  const { rows } = await outbox.pool.query("select to_jsonb(clock_timestamp()) ->> 0 as now");
  return rows[0].now;
}

test("a key is replayed while the relay works: its records come again in order, as they were, and the relay pays no heed", async () => {
  const relay = outbox.spawn();
  const key = await insertKey(outbox.pool, { key: "k", count: 5 });
  await eventually(async () => expect(await outbox.published()).toBe(5), { timeoutMs: 20_000 });
  outbox.write();
  const dry = await outbox.json("replay", "--key", "k", "--dry-run");
  expect(dry).toMatchObject({ replayed: 0, events: 5 });
  const { id, ...result } = await outbox.json("replay", "--key", "k", "--yes");
  expect(result).toMatchObject({ replayed: 5, done: true });
  const again = await replayed();
  expect(ids(again)).toEqual(key);
  const before = (await readToEnd(outbox.topic)).filter((record) => record.key === "k" && !isReplay(record));
  for (const [index, record] of again.entries()) {
    const { ce_transactionid, ...headers } = before[index]?.headers ?? {};
    expect(record.headers).toEqual({ ...headers, ce_replayid: id });
    expect(record.value).toEqual(before[index]?.value);
    expect(record.partition).toBe(before[index]?.partition);
  }
  await relay.end("SIGKILL");
  await outbox.start();
  await settle();
  expect(await replayed()).toHaveLength(5);
  expect(await outbox.deeds()).toEqual([
    { who, command: "replay", arguments: { id, key: "k", events: 5 } },
    { who, command: "replay", arguments: { id, replayed: 5, position: expect.any(String) } },
  ]);
});

test("a time is replayed, of the types that are asked for, from its beginning to before its end", async () => {
  await outbox.start();
  await publishedRows(50);
  const from = await now();
  const wanted = await insertKey(outbox.pool, { key: "k", count: 30 });
  const to = await now();
  await insertKey(outbox.pool, { key: "k", count: 3, firstVersion: 100 });
  await eventually(async () => expect(await outbox.published()).toBe(83), { timeoutMs: 20_000 });
  const range = ["--from", from, "--to", to];
  expect(await outbox.json("replay", ...range, "--type", "Another", "--yes")).toMatchObject({ events: 0 });
  expect(await outbox.json("replay", ...range, "--type", "Another,OrderCreated", "--yes")).toMatchObject({
    replayed: 30,
    done: true,
  });
  expect(ids(await replayed())).toEqual(wanted);
  await settle();
});

test("what the relay has yet to publish, dead letters and discarded events are not replayed", async () => {
  await outbox.start();
  const published = await insertKey(outbox.pool, { key: "k", count: 2 });
  const [dead, discarded] = [
    await insertKey(outbox.pool, { key: "k", type: "unrouted" }),
    await insertKey(outbox.pool, { key: "k", type: "other" }),
  ];
  await eventually(async () => expect(await outbox.published()).toBe(4), { timeoutMs: 20_000 });
  await outbox.cli("dead-letters", "discard", discarded[0] ?? "", "--yes");
  await outbox.json("pause");
  await insertKey(outbox.pool, { key: "k", count: 3, firstVersion: 3 });
  const run = await outbox.cli("replay", "--key", "k", "--yes");
  expect(run.stderr).toMatch(
    /2 published events match; left out: 3 .*, 2 that are dead letters or were discarded/,
  );
  expect(ids(await replayed())).toEqual(published);
  expect(dead).toHaveLength(1);
  await outbox.json("resume");
});

test("a replay that is killed in the middle harms nothing, and can be done again", async () => {
  await outbox.start();
  await publishedRows(600);
  outbox.write();
  const range = ["--from", "2000-01-01", "--to", await now()];
  const first = startRelayCli(["replay", ...range, "--rate", "50", "--yes"], outbox.cliVariables);
  await eventually(async () => expect((await replayed()).length).toBeGreaterThan(50), { timeoutMs: 20_000 });
  first.end("SIGKILL");
  await first.ended;
  const { id } = await outbox.json("replay", ...range, "--rate", "0", "--yes");
  const records = await replayed();
  expect(inOrderPerKey(records)).toBe(true);
  const second = records.filter(({ headers }) => headers.ce_replayid === id);
  expect(new Set(ids(second)).size).toBe(second.length);
  expect(second.length).toBeGreaterThanOrEqual(600);
  await settle();
});

test("a replay that is interrupted tells where to go on, and from there each event comes once", async () => {
  await outbox.start();
  await publishedRows(600);
  const range = ["--from", "2000-01-01", "--to", "2100-01-01"];
  const first = startRelayCli(["replay", ...range, "--rate", "50", "--yes"], outbox.cliVariables);
  await eventually(async () => expect((await replayed()).length).toBeGreaterThan(50), { timeoutMs: 20_000 });
  first.end("SIGINT");
  const { exitCode, stderr } = await first.ended;
  expect(exitCode).toBe(1);
  const [, after = ""] =
    /it was interrupted; go on with: outbox replay --from 2000-01-01T00:00Z --to 2100-01-01T00:00Z --after (\d+)\n$/.exec(
      stderr,
    ) ?? [];
  await outbox.json("replay", ...range, "--after", after, "--rate", "0", "--yes");
  const all = ids(await replayed());
  expect(all).toHaveLength(600);
  expect(new Set(all).size).toBe(600);
  expect((await outbox.deeds()).map(({ arguments: { failure } }) => failure)).toEqual([
    undefined,
    "it was interrupted",
    undefined,
    undefined,
  ]);
  await settle();
});

test("a topic that is not there is not made: the setting to correct is named", async () => {
  await outbox.start();
  await publishedRows(3);
  const wrong = { ...outbox.cliVariables, RELAY_TOPICS: "order=nowhere" };
  const run = await startRelayCli(["replay", "--key", "key-1", "--yes"], wrong).ended;
  expect(run).toMatchObject({ exitCode: 1 });
  expect(run.stderr).toMatch(/there is no topic nowhere; set RELAY_TOPICS as the relay has it/);
});
