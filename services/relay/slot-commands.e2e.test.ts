import { hostname, userInfo } from "node:os";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { hasFailoverSlots } from "../../test/support/servers.ts";
import { type OperatedRelay, openOperatedRelay } from "./testing/operated-relay.ts";
import { insertRow, insertRows } from "./testing/outbox-rows.ts";

const who = `${userInfo().username}@${hostname()}`;
let outbox: OperatedRelay;

// Each command is a process of its own, beside relays and writers.
vi.setConfig({ testTimeout: 90_000 });

beforeEach(async () => {
  outbox = await openOperatedRelay("slot");
});

afterEach(() => outbox.dispose());

async function slot(): Promise<{ active: boolean; failover: boolean; lsn: string } | undefined> {
  const { rows } = await outbox.pool.query(
    `select active, coalesce((to_jsonb(s) ->> 'failover')::boolean, false) as failover, confirmed_flush_lsn::text as lsn
       from pg_replication_slots s where slot_name = $1`,
    [outbox.name],
  );
  return rows[0];
}

const streams = () =>
  eventually(async () => expect(await slot()).toMatchObject({ active: true }), { timeoutMs: 20_000 });

/** Under load, so that there is something to lose or to repeat. */
async function pauseUnderLoad(): Promise<void> {
  await outbox.start();
  await streams();
  outbox.write();
  await eventually(async () => expect(await outbox.published()).toBeGreaterThan(50), { timeoutMs: 20_000 });
  await outbox.json("pause");
}

async function unpublishedPileUp(): Promise<void> {
  const before = await outbox.published();
  await eventually(async () => {
    const { rows } = await outbox.pool.query("select count(*)::int as count from outbox");
    expect(rows[0].count).toBeGreaterThan(before + 200);
  });
}

test("a slot that is streamed from can be neither dropped nor moved", async () => {
  await outbox.start();
  await streams();
  for (const command of ["drop", "advance"]) {
    const refused = await outbox.cli("slot", command, "--yes");
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /is active for PID \d+; pause the relay \(outbox pause\) or stop it first/,
    );
  }
  expect(await outbox.deeds()).toEqual([]);
});

test("a slot that is dropped with unpublished events behind it loses none: they come from the table", async () => {
  await pauseUnderLoad();
  await unpublishedPileUp();
  expect(await outbox.json("slot", "drop", "--yes")).toMatchObject({ dropped: true });
  expect(await slot()).toBeUndefined();
  await unpublishedPileUp();
  await outbox.json("resume");
  await streams();
  await outbox.settle();
  expect((await outbox.deeds())[1]).toEqual({
    who,
    command: "slot drop",
    arguments: { slot: outbox.name, confirmedFlushLsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) },
  });
});

test("a slot that is moved past unpublished events loses none: the relay notices, and they come from the table", async () => {
  await pauseUnderLoad();
  await unpublishedPileUp();
  const moved = await outbox.cli("slot", "advance", "--yes");
  expect(moved).toMatchObject({ exitCode: 0 });
  expect(moved.stderr).toMatch(/of WAL behind it are passed over, and it will read from the table/);
  await outbox.json("resume");
  await streams();
  await outbox.settle();
  expect((await outbox.deeds())[1]).toMatchObject({
    who,
    command: "slot advance",
    arguments: { slot: outbox.name, from: expect.any(String), lsn: expect.any(String) },
  });
});

test("a slot made beforehand is made as the relay makes it, and what was committed before it is published as well", async () => {
  await outbox.pool.query("insert into relay_checkpoint (relay, slot) values ($1, $1)", [outbox.name]);
  await insertRows(outbox.pool, { count: 20 });
  const { lsn } = await outbox.json("slot", "create");
  expect(await slot()).toEqual({ active: false, failover: hasFailoverSlots(), lsn });
  const again = await outbox.cli("slot", "create");
  expect(again).toMatchObject({ exitCode: 1 });
  expect(again.stderr).toMatch(/already exists/);
  await insertRow(outbox.pool);
  await outbox.start({ RELAY_MODE: "cdc" });
  await outbox.settle();
  expect(await outbox.deeds()).toEqual([
    { who, command: "slot create", arguments: { slot: outbox.name, lsn } },
  ]);
});

test("without the publication no slot is made, and the repair is told", async () => {
  await outbox.pool.query("insert into relay_checkpoint (relay, slot) values ($1, $1)", [outbox.name]);
  await outbox.pool.query("drop publication outbox");
  const refused = await outbox.cli("slot", "create");
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toMatch(/publication outbox does not exist; expected: create publication outbox/);
  expect(await slot()).toBeUndefined();
  expect(await outbox.deeds()).toEqual([]);
});
