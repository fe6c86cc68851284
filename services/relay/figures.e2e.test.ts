import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import type { ServiceProcess } from "../../test/support/service-process.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, type RelayUnderTest, spawnRelay, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let pool: pg.Pool;
let slot: string;
let leader: ServiceProcess;
let standby: RelayUnderTest;

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  databaseUrl: database.relayUrl,
  slot,
  topic: `${slot}-topic`,
  // A frozen leader keeps its lease for longer than the test takes.
  more: { RELAY_LEASE_MS: "60000", RELAY_TICK_INTERVAL_MS: "200", ...more },
});

/** Without labels but for the slot. */
async function value(opsUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{slot="[^"]*"\\})? (\\S+)$`, "m").exec(text)?.[1]);
}
const ofStandby = (name: string) => value(standby.opsUrl, name);
const ofLeader = async (name: string) => value(`http://127.0.0.1:${(await leader.started()).opsPort}`, name);

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  slot = uniqueTopic("figures").replaceAll(/[^a-z0-9_]/g, "_");
  leader = spawnRelay(environment());
  const { opsPort } = await leader.started();
  const leads = `http://127.0.0.1:${opsPort}`;
  await eventually(async () => expect(await value(leads, "outbox_slot_active")).toBe(1));
  standby = await startRelay(environment());
  await isReady(standby);
  await insertRow(pool);
  await eventually(async () => {
    // Figures may be from before the row.
    const { rows } = await pool.query("select status from outbox_status");
    expect(rows).toEqual([{ status: "processed" }]);
    for (const replica of [leads, standby.opsUrl]) {
      expect(await value(replica, "outbox_slot_active")).toBe(1);
      expect(await value(replica, "outbox_unpublished_events")).toBe(0);
      expect(await value(replica, "outbox_oldest_unpublished_age_seconds")).toBe(0);
    }
  });
});

afterEach(async () => {
  await leader.end("SIGKILL");
  await standby.stop();
  await pool.end();
  await database.drop();
});

test("while the leader is frozen the standby's figures tell how much waits, for how long, and what the slot holds back", {
  timeout: 60_000,
}, async () => {
  process.kill(leader.pid, "SIGSTOP");
  for (let i = 0; i < 3; i++) await insertRow(pool);
  const before = await eventually(async () => {
    expect(await ofStandby("outbox_unpublished_events")).toBe(3);
    expect(await ofStandby("outbox_oldest_unpublished_age_seconds")).toBeGreaterThan(0);
    return {
      age: await ofStandby("outbox_oldest_unpublished_age_seconds"),
      lag: await ofStandby("outbox_slot_confirmed_flush_lag_bytes"),
      retained: await ofStandby("outbox_slot_retained_wal_bytes"),
    };
  });
  await insertRow(pool, { payload: JSON.stringify("x".repeat(10_000)) });
  await eventually(async () => {
    expect(await ofStandby("outbox_oldest_unpublished_age_seconds")).toBeGreaterThan(before.age + 2);
    expect(await ofStandby("outbox_slot_confirmed_flush_lag_bytes")).toBeGreaterThan(before.lag);
    expect(await ofStandby("outbox_slot_retained_wal_bytes")).toBeGreaterThan(before.retained);
    expect(await ofStandby("outbox_relay_leader")).toBe(0);
  });
  process.kill(leader.pid, "SIGCONT");
  await eventually(
    async () => {
      expect(await ofStandby("outbox_unpublished_events")).toBe(0);
      expect(await ofStandby("outbox_oldest_unpublished_age_seconds")).toBe(0);
    },
    { timeoutMs: 20_000 },
  );
});

/** Rows wait, and nothing else changes: the age has to rise by itself. */
async function rises(read: (name: string) => Promise<number>): Promise<void> {
  const age = "outbox_oldest_unpublished_age_seconds";
  const first = await eventually(async () => {
    expect(await read("outbox_unpublished_events")).toBe(3);
    const seconds = await read(age);
    expect(seconds).toBeGreaterThan(0);
    return seconds;
  });
  await eventually(async () => expect(await read(age)).toBeGreaterThan(first + 2));
}

async function fallsToZero(read: (name: string) => Promise<number>): Promise<void> {
  await eventually(
    async () => {
      expect(await read("outbox_unpublished_events")).toBe(0);
      expect(await read("outbox_oldest_unpublished_age_seconds")).toBe(0);
    },
    { timeoutMs: 30_000 },
  );
}

test("while the stream stands still under a leader that lives, the figures rise on both replicas, and fall to zero when it goes on", {
  timeout: 60_000,
}, async () => {
  const pid = await eventually(async () => {
    const { rows } = await pool.query("select active_pid from pg_replication_slots where slot_name = $1", [
      slot,
    ]);
    expect(rows[0]?.active_pid).toEqual(expect.any(Number));
    return rows[0].active_pid as number;
  });
  process.kill(pid, "SIGSTOP");
  try {
    for (let i = 0; i < 3; i++) await insertRow(pool);
    await Promise.all([rises(ofLeader), rises(ofStandby)]);
    expect(await ofLeader("outbox_relay_leader")).toBe(1);
    expect(await ofLeader("outbox_heartbeat_lag_seconds")).toBeGreaterThan(1);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await Promise.all([fallsToZero(ofLeader), fallsToZero(ofStandby)]);
});

test("when the leader is killed and nobody can publish in its place, the figures rise, and fall to zero once somebody can", {
  timeout: 60_000,
}, async () => {
  await standby.stop();
  standby = await startRelay(environment({ KAFKA_BROKERS: "127.0.0.1:1" }));
  await isReady(standby);
  await leader.end("SIGKILL");
  for (let i = 0; i < 3; i++) await insertRow(pool);
  await rises(ofStandby);
  const successor = spawnRelay(environment());
  await successor.started();
  await standby.stop();
  leader = successor;
  standby = await startRelay(environment());
  await fallsToZero(ofStandby);
});
