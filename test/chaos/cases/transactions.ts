import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";
import { mode, PUBLICATION } from "./wal-rights.ts";

/** Open while the WAL gives way to polling and comes back, and committed at the worst time for whoever goes by numbers. */
export const longTransaction: ChaosCase = {
  name: "a long transaction open during hand-over",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load();
    let relay = scene.relay();
    await relay.ready();
    await mode(scene, "cdc");
    let recoveryMs = 0;
    const long = new pg.Client({ connectionString: scene.databaseUrl });
    long.on("error", () => {});
    await long.connect();
    try {
      for (const commitWhile of ["polling", "cdc"] as const) {
        await long.query("begin");
        await long.query("select chaos_write('long-' || i) from generate_series(1, 20) i");
        await sleep(500);
        await scene.ask("drop publication outbox");
        const from = performance.now();
        await mode(scene, "polling");
        recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
        await long.query("select chaos_write('long-' || i) from generate_series(10, 30) i");
        if (commitWhile === "polling") {
          await long.query("commit");
          await sleep(500);
        }
        await scene.ask(PUBLICATION);
        if (commitWhile === "cdc") {
          // A new slot waits for the transaction: polling has to go on beside that.
          for (let i = 0; i < 4; i++) {
            await sleep(3_000);
            recoveryMs = Math.max(recoveryMs, await scene.flowing());
          }
          await long.query("commit");
        }
        await mode(scene, "cdc");
        await scene.flowing();
      }
      // And over orderly changes of the mode, with a slot that stays.
      for (const next of ["polling", "cdc", "polling", "cdc"]) {
        await long.query("begin");
        await long.query("select chaos_write('long-' || i) from generate_series(1, 20) i");
        await relay.stop();
        relay = scene.relay({ RELAY_MODE: next });
        recoveryMs = Math.max(recoveryMs, await scene.flowing());
        await long.query("commit");
      }
    } finally {
      await long.end();
    }
    return finish(scene, load, { recoveryMs });
  },
};

export const preparedTransactions: ChaosCase = {
  name: "prepared transactions, the relay killed and the mode changed",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const postgres = await context.ownPostgres({ max_prepared_transactions: "50" });
    const scene = await context.scene({ postgresUrl: postgres.url });
    const load = scene.load({
      writers: 12,
      keys: 400,
      rowsPerSecond: 400,
      async commit(client) {
        if (Math.random() < 0.5) return client.query("commit");
        const name = randomUUID();
        await client.query(`prepare transaction '${name}'`);
        await sleep(Math.random() * 1_500);
        return client.query(`${Math.random() < 0.2 ? "rollback" : "commit"} prepared '${name}'`);
      },
    });
    let recoveryMs = 0;
    for (let round = 0; round < 10; round++) {
      const from = performance.now();
      const relay = scene.relay({ RELAY_MODE: context.random.pick(["auto", "polling"]) });
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      await sleep(context.random.between(0, 1_500));
      if (round % 3 === 0) await relay.stop();
      else await relay.kill();
    }
    scene.relay();
    return finish(scene, load, { recoveryMs });
  },
};

/** More subtransactions than a snapshot lists one by one (64), nested and side by side, many of them rolled back. */
export const subtransactions: ChaosCase = {
  name: "subtransactions with savepoint rollbacks",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 200 });
    const { random } = context;
    const client = new pg.Client({ connectionString: scene.databaseUrl });
    client.on("error", () => {});
    await client.connect();
    let relay = scene.relay();
    await relay.ready();
    try {
      for (let round = 0; round < 8; round++) {
        await client.query("begin");
        for (let depth = 0; depth < 120; depth++) {
          await client.query(`savepoint s${depth}`);
          await client.query("select chaos_write($1)", [`nested-${random.between(1, 30)}`]);
          const fate = random.pick(["rollback to", "rollback to", "release", "release", ""]);
          if (fate) await client.query(`${fate} s${depth}`);
          if (depth === 60 && round % 2 === 1) {
            await relay.kill();
            relay = scene.relay({ RELAY_MODE: random.pick(["auto", "polling"]) });
          }
        }
        await client.query(round === 5 ? "rollback" : "commit");
      }
    } finally {
      await client.end();
    }
    const recoveryMs = await scene.flowing();
    return finish(scene, load, { recoveryMs });
  },
};
