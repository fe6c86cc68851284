import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { RelayProcess } from "../../support/relay-process.ts";
import { insertBulk } from "../bulk.ts";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";
import { DEFAULTS } from "../scene.ts";

/** What a leader that was frozen may still do once it is let go on has had time to happen. */
const AFTERMATH_MS = 3_000;

async function freezeLeader(
  context: ChaosContext,
  rounds: number,
  settings: Readonly<Record<string, string>> | undefined,
): Promise<CaseOutcome> {
  const scene = await context.scene(settings ? { settings } : {});
  const load = scene.load({ rowsPerSecond: 500 });
  let leader: RelayProcess = scene.relay();
  await leader.ready();
  let standby = scene.relay();
  await standby.ready();
  let recoveryMs = 0;
  for (let round = 0; round < rounds; round++) {
    await scene.flowing();
    await sleep(context.random.between(0, 700));
    const from = performance.now();
    leader.freeze();
    recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    leader.thaw();
    await sleep(AFTERMATH_MS);
    [leader, standby] = [standby, leader];
  }
  await standby.ready();
  const faults = (await standby.leads()) ? ["the relay that was frozen says that it leads"] : [];
  return finish(scene, load, { recoveryMs, faults });
}

export const freeze: ChaosCase = {
  name: "SIGSTOP and SIGCONT of the leader, with a standby",
  short: true,
  run: (context) => freezeLeader(context, context.short ? 1 : 6, undefined),
};

export const freezeByDefault: ChaosCase = {
  name: "SIGSTOP and SIGCONT of the leader, default times",
  short: false,
  recoveryLimitMs: 15_000,
  run: (context) => freezeLeader(context, 2, DEFAULTS),
};

export const freezePolling: ChaosCase = {
  name: "SIGSTOP and SIGCONT of the leader, polling",
  short: false,
  async run(context) {
    const settings = { RELAY_MODE: "polling", RELAY_LEASE_MS: "2000", RELAY_POLL_INTERVAL_MS: "50" };
    return freezeLeader(context, 4, settings);
  },
};

/** Requests as large as they get, one after the other: the freeze falls into the middle of one. */
export const freezeBusy: ChaosCase = {
  name: "SIGSTOP of a leader that is sending a backlog",
  short: false,
  timeoutMs: 400_000,
  async run(context) {
    const scene = await context.scene();
    let leader = scene.relay();
    await leader.ready();
    let standby = scene.relay();
    await standby.ready();
    let recoveryMs = 0;
    for (let round = 0; round < 6; round++) {
      await insertBulk(scene, { rows: 150_000, transaction: 150_000, first: round * 150_000 });
      await sleep(context.random.between(200, 1_500));
      const from = performance.now();
      leader.freeze();
      await eventually(
        async () => {
          if (!(await standby.leads())) throw new Error("the standby does not take over");
        },
        { timeoutMs: 30_000 },
      );
      // While the new leader is sending, too.
      await sleep(context.random.between(0, 2_000));
      leader.thaw();
      await scene.caughtUp();
      recoveryMs = Math.max(recoveryMs, performance.now() - from);
      [leader, standby] = [standby, leader];
      await standby.ready();
    }
    return finish(scene, undefined, { recoveryMs }, { timeoutMs: 200_000 });
  },
};

/** Too short for a standby to notice, or just about long enough: whoever publishes then, it is one of the two. */
export const freezeShortly: ChaosCase = {
  name: "SIGSTOP for about as long as the lease",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    const relays = [scene.relay(), scene.relay()];
    await Promise.all(relays.map((relay) => relay.ready()));
    for (let round = 0; round < 12; round++) {
      const frozen = context.random.chance(0.3) ? relays : relays.slice(round % 2, (round % 2) + 1);
      for (const relay of frozen) relay.freeze();
      await sleep(context.random.between(500, 6_000));
      for (const relay of frozen) relay.thaw();
      await sleep(context.random.between(100, 1_500));
    }
    const recoveryMs = await scene.flowing();
    await sleep(AFTERMATH_MS);
    return finish(scene, load, { recoveryMs });
  },
};
