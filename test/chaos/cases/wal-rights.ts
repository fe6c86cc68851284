import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";
import { dropSlot } from "./slot.ts";

/** relay_history's last word. */
export async function mode(scene: Scene, expected: string, timeoutMs = 60_000): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await scene.pool.query(
        "select to_mode from relay_history where relay = $1 and to_mode is not null order by id desc limit 1",
        [scene.slot],
      );
      if (rows[0]?.to_mode !== expected)
        throw new Error(`the outbox is read by ${rows[0]?.to_mode}, not by ${expected}`);
    },
    { timeoutMs, intervalMs: 100 },
  );
}

export const PUBLICATION =
  "create publication outbox for table outbox with (publish = 'insert', publish_via_partition_root = true)";

export const publicationDropped: ChaosCase = {
  name: "publication dropped: polling, and back",
  short: true,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    await scene.relay().ready();
    let recoveryMs = 0;
    for (let round = 0; round < (context.short ? 1 : 3); round++) {
      await mode(scene, "cdc");
      await scene.flowing();
      const from = performance.now();
      await scene.ask("drop publication outbox");
      await mode(scene, "polling");
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      await sleep(context.random.between(0, 1_000));
      await scene.ask(PUBLICATION);
    }
    await mode(scene, "cdc");
    await scene.flowing();
    return finish(scene, load, { recoveryMs });
  },
};

/** The publication is there all the time, so that the server has nothing to warn of: it just sends nothing. */
export const tableUnpublished: ChaosCase = {
  name: "outbox taken out of the publication, and put back",
  short: false,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    let relay = scene.relay();
    await relay.ready();
    let recoveryMs = 0;
    for (let round = 0; round < 6; round++) {
      await mode(scene, "cdc");
      await scene.flowing();
      const isAway = round % 2 === 1;
      if (isAway) await relay.kill();
      await scene.ask("alter publication outbox drop table outbox");
      // Sometimes shorter than a tick.
      await sleep(context.random.between(50, 2_000));
      await scene.ask("alter publication outbox add table outbox");
      const from = performance.now();
      if (isAway) relay = scene.relay();
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    }
    return finish(scene, load, { recoveryMs });
  },
};

export const rightRevoked: ChaosCase = {
  name: "replication right revoked and given back",
  short: false,
  async run(context) {
    const postgres = await context.ownPostgres();
    const scene = await context.scene({ postgresUrl: postgres.url });
    const load = scene.load();
    await scene.relay().ready();
    let recoveryMs = 0;
    for (let round = 0; round < 3; round++) {
      await mode(scene, "cdc");
      await scene.flowing();
      const from = performance.now();
      await scene.ask("alter role outbox_relay noreplication");
      await scene.ask("select pg_terminate_backend(pid) from pg_stat_replication");
      await mode(scene, "polling");
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      await scene.ask("alter role outbox_relay replication");
    }
    await mode(scene, "cdc");
    return finish(scene, load, { recoveryMs });
  },
};

/** Postgres does not start with a logical slot and wal_level=replica: the slot has to go first. */
export const walLevelLowered: ChaosCase = {
  name: "wal_level turned to replica, and back",
  short: false,
  async run(context) {
    const postgres = await context.ownPostgres();
    const scene = await context.scene({ postgresUrl: postgres.url });
    const load = scene.load();
    const relay = scene.relay();
    await relay.ready();
    await scene.flowing();
    // Else it makes the slot anew at once.
    relay.freeze();
    await dropSlot(scene);
    await postgres.stop();
    relay.thaw();
    await postgres.start({ wal_level: "replica" });
    const from = performance.now();
    await mode(scene, "polling");
    const toPolling = await scene.flowing(from);
    await sleep(1_000);
    await postgres.stop();
    await postgres.start();
    const again = performance.now();
    const toAny = await scene.flowing(again);
    await mode(scene, "cdc");
    await scene.flowing();
    return finish(scene, load, { recoveryMs: Math.max(toPolling, toAny) });
  },
};

export const modesChanged: ChaosCase = {
  name: "RELAY_MODE changed at each start",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    const faults: string[] = [];
    let recoveryMs = 0;
    for (const next of ["cdc", "polling", "auto", "polling", "cdc", "polling", "cdc", "auto"]) {
      const from = performance.now();
      const relay = scene.relay({ RELAY_MODE: next });
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      await sleep(context.random.between(0, 1_500));
      const code = await relay.stop();
      if (code !== 0) faults.push(`a relay in mode ${next} ended with ${code}`);
    }
    scene.relay();
    return finish(scene, load, { recoveryMs, faults });
  },
};
