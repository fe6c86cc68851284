import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";

/** While a relay is at work its walsender has to go first; it may be back before the slot is dropped, and then both are tried again. */
export async function dropSlot({ pool, slot }: Scene): Promise<void> {
  await eventually(
    async () => {
      await pool.query(
        "select pg_terminate_backend(active_pid, 2000) from pg_replication_slots where slot_name = $1 and active",
        [slot],
      );
      await pool.query(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1",
        [slot],
      );
    },
    { timeoutMs: 30_000, intervalMs: 10 },
  );
}

export const slotDropped: ChaosCase = {
  name: "slot dropped under a running relay",
  short: false,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load();
    await scene.relay().ready();
    let recoveryMs = 0;
    for (let round = 0; round < 5; round++) {
      await sleep(context.random.between(200, 1_500));
      const from = performance.now();
      await dropSlot(scene);
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    }
    return finish(scene, load, { recoveryMs });
  },
};

/** The new slot begins after rows that nobody has read: they have to come from the table. */
export const slotRecreated: ChaosCase = {
  name: "slot dropped and recreated by somebody else",
  short: true,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    let recoveryMs = 0;
    for (let round = 0; round < (context.short ? 1 : 4); round++) {
      const relay = scene.relay();
      await relay.ready();
      await scene.flowing();
      await relay.kill();
      await dropSlot(scene);
      await sleep(500);
      await scene.ask("select pg_create_logical_replication_slot($1, 'pgoutput')", [scene.slot]);
      await sleep(500);
      const from = performance.now();
      const next = scene.relay();
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      if (round % 2 === 0) await next.kill();
      else await next.stop();
    }
    scene.relay();
    return finish(scene, load, { recoveryMs });
  },
};

/** Somebody moved the slot past what is published. */
export const slotAdvanced: ChaosCase = {
  name: "slot advanced by somebody else",
  short: false,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load();
    const relay = scene.relay();
    await relay.ready();
    await relay.kill();
    await sleep(1_000);
    await scene.ask("select pg_replication_slot_advance($1, pg_current_wal_lsn())", [scene.slot]);
    const from = performance.now();
    scene.relay();
    const recoveryMs = await scene.flowing(from);
    return finish(scene, load, { recoveryMs });
  },
};

/** max_slot_wal_keep_size is exceeded while the relay is away: the slot is lost, the rows are in the table. */
export const slotInvalidated: ChaosCase = {
  name: "slot invalidated by max_slot_wal_keep_size",
  short: false,
  async run(context) {
    const postgres = await context.ownPostgres({ max_slot_wal_keep_size: "1MB", max_wal_size: "64MB" });
    const scene = await context.scene({ postgresUrl: postgres.url });
    const load = scene.load();
    const relay = scene.relay();
    await relay.ready();
    await scene.flowing();
    relay.freeze();
    await scene.ask("create table filler (x text)");
    for (let status = ""; status !== "lost"; ) {
      await scene.ask("insert into filler select repeat(md5(i::text), 20) from generate_series(1, 30000) i");
      await scene.ask("select pg_switch_wal()");
      await scene.ask("checkpoint");
      const [slot] = await scene.ask<{ wal_status: string }>(
        "select wal_status from pg_replication_slots where slot_name = $1",
        [scene.slot],
      );
      status = slot?.wal_status ?? "lost";
    }
    const from = performance.now();
    relay.thaw();
    const recoveryMs = await scene.flowing(from);
    return finish(scene, load, { recoveryMs });
  },
};
