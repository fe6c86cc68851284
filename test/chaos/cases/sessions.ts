import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";

export const walsenderKilled: ChaosCase = {
  name: "walsender killed",
  short: true,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    await scene.relay().ready();
    let recoveryMs = 0;
    for (let round = 0; round < (context.short ? 4 : 20); round++) {
      await sleep(context.random.between(50, 800));
      const from = performance.now();
      await scene.ask(
        "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active",
        [scene.slot],
      );
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    }
    return finish(scene, load, { recoveryMs });
  },
};

/** The lease's, the stream's and the pools', whichever it meets. */
export const sessionsKilled: ChaosCase = {
  name: "any session of the relays killed, two relays",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    const relays = [scene.relay(), scene.relay()];
    await Promise.all(relays.map((relay) => relay.ready()));
    for (let round = 0; round < 40; round++) {
      await sleep(context.random.between(20, 1_200));
      await scene.ask(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name like 'outbox-relay %' and random() < $1`,
        [context.random.next()],
      );
    }
    const recoveryMs = await scene.flowing();
    return finish(scene, load, { recoveryMs });
  },
};
