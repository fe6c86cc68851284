import { setTimeout as sleep } from "node:timers/promises";
import type { TcpProxy } from "../../support/tcp-proxy.ts";
import type { ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";
import { DEFAULTS, type Scene } from "../scene.ts";

/** A way to the database that can be taken from one relay alone. */
async function wayToPostgres(
  context: ChaosContext,
  scene: Scene,
): Promise<{ proxy: TcpProxy; DATABASE_URL: string }> {
  const url = new URL(scene.relayUrl);
  const proxy = await context.proxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  return { proxy, DATABASE_URL: url.href };
}

export const leaderCutOff: ChaosCase = {
  name: "leader cut off from Postgres (stalled), a standby takes over",
  short: false,
  recoveryLimitMs: 15_000,
  async run(context) {
    const scene = await context.scene({ settings: DEFAULTS });
    const load = scene.load({ rowsPerSecond: 500 });
    let recoveryMs = 0;
    for (let round = 0; round < 2; round++) {
      const { proxy, DATABASE_URL } = await wayToPostgres(context, scene);
      const leader = scene.relay({ DATABASE_URL });
      await leader.ready();
      await scene.flowing();
      const standby = scene.relay();
      await standby.ready();
      await sleep(context.random.between(0, 1_500));
      const from = performance.now();
      proxy.stall(round === 0 ? undefined : "toClient");
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
      proxy.restore();
      await sleep(3_000);
      await Promise.all([leader.kill(), standby.stop()]);
    }
    scene.relay();
    return finish(scene, load, { recoveryMs });
  },
};

export const postgresNetwork: ChaosCase = {
  name: "Postgres behind a bad network: cut, stalled, slow, half-closed",
  short: false,
  timeoutMs: 400_000,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 500 });
    const { proxy, DATABASE_URL } = await wayToPostgres(context, scene);
    const relay = scene.relay({ DATABASE_URL });
    await relay.ready();
    const faults: readonly [() => void, ...(() => void)[]] = [
      () => proxy.cut(),
      () => proxy.stall(),
      () => proxy.stall("toClient"),
      () => proxy.stall("toServer"),
      () => proxy.delay(context.random.between(10, 400)),
      () => proxy.halfClose("toClient"),
      () => proxy.halfClose("toServer"),
    ];
    let recoveryMs = 0;
    for (let round = 0; round < 21; round++) {
      faults[round % faults.length]?.();
      await sleep(context.random.between(100, 4_000));
      proxy.restore();
      const from = performance.now();
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from, 90_000));
    }
    return finish(scene, load, { recoveryMs, faults: relay.hasEnded ? ["the relay ended"] : [] });
  },
};
