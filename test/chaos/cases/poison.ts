import { eventually } from "../../support/eventually.ts";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";

async function letters(scene: Scene): Promise<{ refused: number; waiting: number }> {
  const [row] = await scene.ask<{ refused: number; waiting: number }>(
    `select count(*) filter (where reason is not null)::int as refused,
            count(*) filter (where reason is null)::int as waiting
       from outbox_dead_letter where relay = $1`,
    [scene.slot],
  );
  return row ?? { refused: 0, waiting: 0 };
}

export async function lettersAre(
  scene: Scene,
  expected: (found: { refused: number; waiting: number }) => boolean,
): Promise<void> {
  await eventually(
    async () => {
      const found = await letters(scene);
      if (!expected(found))
        throw new Error(`${found.refused} dead letters, ${found.waiting} events wait behind them`);
    },
    { timeoutMs: 20_000, intervalMs: 100 },
  );
}

/** An aggregate_type that no topic takes can never be published; here it has a key that good rows have as well. */
export const poison: ChaosCase = {
  name: "poison: parked, its key waits, retried, discarded",
  short: true,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load({ rowsPerSecond: 300 });
    const relay = scene.relay();
    await relay.ready();
    await scene.flowing();
    await scene.ask("select chaos_write('poisoned', 10, 'nobody''s')");
    await scene.ask("select chaos_write('poisoned', 10, 'nobody''s')");
    await lettersAre(scene, ({ refused, waiting }) => refused === 1 && waiting === 1);
    // A restart, orderly or not, does not forget them.
    await relay.kill();
    const from = performance.now();
    scene.relay();
    await scene.ask("select chaos_write('poisoned', 10, 'nobody''s')");
    const recoveryMs = await scene.flowing(from);
    await lettersAre(scene, ({ refused, waiting }) => refused === 1 && waiting === 2);
    await scene.ask("update outbox_dead_letter set request = 'retry' where reason is not null");
    await eventually(async () => {
      const [letter] = await scene.ask<{ attempts: number; request: string | null }>(
        "select attempts, request from outbox_dead_letter where reason is not null",
      );
      if (letter?.attempts !== 2 || letter.request !== null) throw new Error("it was not tried again");
    });
    await scene.ask("update outbox_dead_letter set request = 'discard' where reason is not null");
    // The one behind it is now the first, and is refused in its turn.
    await lettersAre(scene, ({ refused, waiting }) => refused === 1 && waiting === 1);
    const optional = await poisoned(scene);
    return finish(scene, load, { recoveryMs, expectedParked: 2 }, { optional });
  },
};

async function poisoned(scene: Scene): Promise<Set<string>> {
  const rows = await scene.ask<{ id: string }>("select id from outbox where aggregate_type = 'nobody''s'");
  return new Set(rows.map(({ id }) => id));
}
