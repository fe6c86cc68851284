import { hostname, userInfo } from "node:os";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { readToEnd } from "../../test/support/kafka.ts";
import { type OperatedRelay, openOperatedRelay } from "./testing/operated-relay.ts";
import { insertRow, insertRows } from "./testing/outbox-rows.ts";
import { isReady, type RelayUnderTest } from "./testing/running-relay.ts";

const who = `${userInfo().username}@${hostname()}`;
let outbox: OperatedRelay;

// Each command is a process of its own, beside relays and writers.
vi.setConfig({ testTimeout: 90_000 });

beforeEach(async () => {
  outbox = await openOperatedRelay("control");
});

afterEach(() => outbox.dispose());

const moreIsPublishedThan = (count: number) =>
  eventually(async () => expect(await outbox.published()).toBeGreaterThan(count), { timeoutMs: 20_000 });

const recordsOnTopic = async () => (await readToEnd(outbox.topic)).length;

/** Longer than a leader looks at what people want. */
async function staysAsItIs(): Promise<void> {
  const before = await recordsOnTopic();
  const rows = await outbox.pool.query("select count(*)::int as count from outbox");
  await eventually(async () => {
    const now = await outbox.pool.query("select count(*)::int as count from outbox");
    expect(now.rows[0].count).toBeGreaterThan(rows.rows[0].count + 300);
  });
  expect(await recordsOnTopic()).toBe(before);
}

const modes = async (): Promise<string[]> =>
  (
    await outbox.pool.query("select to_mode from relay_history where to_mode is not null order by id")
  ).rows.map(({ to_mode }) => to_mode);

async function metric(relay: RelayUnderTest, name: string): Promise<string | undefined> {
  const text = await (await fetch(`${relay.opsUrl}/metrics`)).text();
  return new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
}

test.each(["cdc", "polling"])(
  "in mode %s a pause under load stops all publishing within seconds, and after resume all is there once and in order",
  async (mode) => {
    const relay = await outbox.start({ RELAY_MODE: mode });
    outbox.write();
    await moreIsPublishedThan(100);
    const begin = performance.now();
    const paused = await outbox.json("pause", "--reason", "a test");
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(paused).toMatchObject({ paused: true, wasPaused: false, stopped: true });
    await staysAsItIs();
    await isReady(relay);
    expect(await (await fetch(`${relay.opsUrl}/readyz`)).json()).toMatchObject({
      notes: { relay: `paused by ${who}: a test` },
    });
    expect(await metric(relay, "outbox_relay_paused")).toBe("1");
    expect(await metric(relay, "outbox_relay_leader")).toBe("1");
    const published = await outbox.published();
    expect(await outbox.json("resume")).toMatchObject({ paused: false, wasPaused: true, resumed: true });
    await moreIsPublishedThan(published);
    expect(await metric(relay, "outbox_relay_paused")).toBe("0");
    await outbox.settle();
    expect(await outbox.deeds()).toEqual([
      { who, command: "pause", arguments: { reason: "a test" } },
      { who, command: "resume", arguments: {} },
    ]);
  },
);

test("pausing a paused relay, and resuming one that is not, is told and changes nothing", async () => {
  await outbox.start();
  await eventually(async () => expect(await outbox.cli("mode")).toMatchObject({ exitCode: 0 }));
  const idle = await outbox.cli("resume");
  expect(idle.stderr).toContain(`relay ${outbox.name} was not paused`);
  await outbox.cli("pause", "--reason", "first");
  const again = await outbox.cli("pause", "--reason", "second");
  expect(again).toMatchObject({ exitCode: 0 });
  expect(again.stderr).toMatch(new RegExp(`was paused already, by ${who} at .* \\(first\\)`));
  expect(again.stderr).toMatch(/slot \S+ keeps .* of WAL, and all that is written until resume/);
  expect((await outbox.deeds()).map(({ command }) => command)).toEqual(["pause"]);
});

test("a paused relay that is killed stays paused with the next start, and loses and repeats nothing", async () => {
  const first = outbox.spawn();
  outbox.write();
  await moreIsPublishedThan(50);
  await outbox.json("pause");
  await first.end("SIGKILL");
  const next = await outbox.start();
  await eventually(async () => expect(await metric(next, "outbox_relay_paused")).toBe("1"), {
    timeoutMs: 20_000,
  });
  await staysAsItIs();
  await outbox.json("resume");
  await outbox.settle();
});

test("a standby that takes over from a paused leader stays paused, and resumes when it is told to", async () => {
  const leader = outbox.spawn();
  await insertRow(outbox.pool);
  await moreIsPublishedThan(0);
  const standby = await outbox.start();
  await isReady(standby);
  await outbox.json("pause");
  outbox.write();
  await leader.end("SIGKILL");
  await eventually(async () => expect(await metric(standby, "outbox_relay_paused")).toBe("1"), {
    timeoutMs: 20_000,
  });
  await staysAsItIs();
  await outbox.json("resume", "--wait", "20");
  await outbox.settle();
});

test("a relay that is paused before its leader's first batch publishes nothing until resume", async () => {
  await insertRows(outbox.pool, { count: 100 });
  await outbox.pool.query("insert into relay_checkpoint (relay) values ($1)", [outbox.name]);
  const paused = await outbox.cli("pause");
  expect(paused).toMatchObject({ exitCode: 0 });
  expect(paused.stdout).toContain("no relay leads now; whoever does next begins so");
  const relay = await outbox.start();
  await eventually(async () => expect(await metric(relay, "outbox_relay_paused")).toBe("1"));
  expect(await outbox.published()).toBe(0);
  await outbox.json("resume");
  await outbox.settle();
});

test("a paused relay ends in order", async () => {
  const relay = outbox.spawn();
  await insertRow(outbox.pool);
  await moreIsPublishedThan(0);
  await outbox.json("pause");
  expect(await relay.end("SIGTERM")).toBe(0);
  const { rows } = await outbox.pool.query("select leader from relay_checkpoint");
  expect(rows).toEqual([{ leader: null }]);
});

test("the mode is overridden to polling and back under load: nothing is lost or repeated, and nothing of it is silent", async () => {
  const relay = await outbox.start();
  outbox.write();
  await eventually(async () => expect(await modes()).toEqual(["cdc"]), { timeoutMs: 20_000 });
  expect(await outbox.json("mode", "polling", "--reason", "a test")).toMatchObject({
    configured: "auto",
    override: { mode: "polling", by: who, reason: "a test" },
    followed: true,
  });
  await eventually(async () => expect(await modes()).toEqual(["cdc", "polling"]));
  await moreIsPublishedThan(await outbox.published());
  const shown = await outbox.cli("mode");
  expect(shown.stdout).toMatch(/^configured auto\nset here +polling by .*: a test\nactual +polling\n$/);
  await outbox.json("mode", "default");
  await eventually(async () => expect(await modes()).toEqual(["cdc", "polling", "cdc"]), {
    timeoutMs: 20_000,
  });
  await moreIsPublishedThan(await outbox.published());
  expect((await outbox.cli("mode", "default")).stderr).toContain("had that mode already");
  await outbox.settle();
  const { rows } = await outbox.pool.query("select reason from relay_history where to_mode = 'polling'");
  expect(rows).toEqual([{ reason: `the mode was set to polling by ${who}: a test` }]);
  const metrics = await (await fetch(`${relay.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/outbox_mode_transitions_total\{from="cdc",to="polling".*\} 1/);
  expect(await outbox.deeds()).toEqual([
    { who, command: "mode", arguments: { mode: "polling", reason: "a test" } },
    { who, command: "mode", arguments: { mode: "default" } },
  ]);
});

test("an override survives a restart, and wins over the configuration", async () => {
  const first = outbox.spawn({ RELAY_MODE: "cdc" });
  await eventually(async () => expect(await modes()).toEqual(["cdc"]), { timeoutMs: 20_000 });
  await outbox.json("mode", "polling");
  await eventually(async () => expect(await modes()).toEqual(["cdc", "polling"]));
  await first.end("SIGKILL");
  await outbox.start({ RELAY_MODE: "cdc" });
  await insertRows(outbox.pool, { count: 100 });
  await outbox.settle();
  expect(await modes()).toEqual(["cdc", "polling"]);
});

test("a drain waits for what was committed before it, tells what is left, and says when nobody will publish it", async () => {
  await outbox.start();
  await eventually(async () => expect(await outbox.json("drain")).toMatchObject({ drained: true }));
  await insertRows(outbox.pool, { count: 2_000 });
  expect(await outbox.json("drain")).toEqual({ relay: outbox.name, drained: true, left: 0, deadLetters: 0 });
  expect(await outbox.published()).toBe(2_000);
  await outbox.json("pause");
  await insertRows(outbox.pool, { count: 3, firstVersion: 1_000 });
  const paused = await outbox.cli("drain", "--timeout", "1", "--json");
  expect(paused).toMatchObject({ exitCode: 1 });
  expect(JSON.parse(paused.stdout)).toMatchObject({ drained: false, left: 3 });
  expect(paused.stderr).toBe(`relay ${outbox.name} is paused: outbox resume\n`);
  await outbox.json("resume");
  expect(await outbox.json("drain")).toMatchObject({ drained: true });
  await outbox.settle();
});

test("a drain without a relay that leads says so, and a transaction that commits after it is not waited for", async () => {
  const relay = outbox.spawn({ RELAY_MODE: "polling" });
  await insertRow(outbox.pool);
  await moreIsPublishedThan(0);
  const late = await outbox.pool.connect();
  try {
    await late.query("begin");
    await insertRow(late);
    expect(await outbox.json("drain")).toMatchObject({ drained: true });
    await relay.end("SIGTERM");
    await late.query("commit");
  } finally {
    late.release();
  }
  const left = await outbox.cli("drain", "--timeout", "0");
  expect(left).toMatchObject({ exitCode: 1 });
  expect(left.stderr).toBe(`no relay ${outbox.name} leads now: is one running?\n`);
  expect(left.stdout).toBe(`relay ${outbox.name} has 1 event left to publish after 0 s\n`);
});

test("without the migration the relay publishes as ever, and the commands say what helps", async () => {
  await outbox.pool.query("drop table relay_control");
  const relay = outbox.spawn();
  await insertRows(outbox.pool, { count: 10 });
  await eventually(async () => expect(await outbox.published()).toBe(10), { timeoutMs: 20_000 });
  const pause = await outbox.cli("pause");
  expect(pause).toMatchObject({ exitCode: 1 });
  expect(pause.stderr).toMatch(/relay_control.*apply the migrations: npm run migrate/);
  expect(await relay.end("SIGTERM")).toBe(0);
});
