import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import type { Scene } from "../scene.ts";

const TABLES = ["chaos_aggregate", "outbox", "relay_checkpoint"] as const;
const UNPUBLISHED = 50;

/** What a dump brings over: the rows as they are, transaction ids and the checkpoint included, but no slot. */
async function copyTables(from: Scene, to: Scene): Promise<void> {
  for (const table of TABLES) {
    const [dump] = await from.ask<{ rows: string }>(
      `select coalesce(jsonb_agg(to_jsonb(t)), '[]')::text as rows from ${table} t`,
    );
    await to.ask(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`, [
      dump?.rows,
    ]);
  }
  await to.ask("select setval('outbox_position_seq', (select max(position) from outbox))");
}

interface Restored {
  readonly scene: Scene;
  /** Published in the old cluster. */
  readonly old: ReadonlySet<string>;
  /** In the dump, and never published. */
  readonly pending: ReadonlySet<string>;
  readonly faults: string[];
}

/** The old cluster's relay is gone; one has been started on the new one, and must wait for a person. */
async function restored(context: ChaosContext): Promise<Restored> {
  const before = await context.scene();
  const load = before.load({ rowsPerSecond: 500 });
  const relay = before.relay();
  await relay.ready();
  await before.flowing();
  await sleep(1_000);
  await load.stop();
  await before.caughtUp();
  const old = new Set((await before.ask<{ id: string }>("select id from outbox")).map(({ id }) => id));
  await relay.stop();
  await before.ask("select chaos_write('pending-' || i) from generate_series(1, $1::int) i", [UNPUBLISHED]);

  const postgres = await context.ownPostgres();
  const scene = await context.scene({ postgresUrl: postgres.url, topic: before.topic, slot: before.slot });
  await copyTables(before, scene);
  const rows = await scene.ask<{ id: string }>("select id from outbox");
  const pending = new Set(rows.map(({ id }) => id).filter((id) => !old.has(id)));
  const faults: string[] = [];
  const waiting = scene.relay();
  await eventually(
    async () => {
      const reason = (await waiting.notReady()) ?? "it is ready";
      if (!/reset --adopt.*reset --republish/s.test(reason))
        throw new Error(`the restored relay does not ask for a person: ${reason}`);
    },
    { timeoutMs: 20_000 },
  );
  await scene.ask("select chaos_write('pending-' || i) from generate_series(1, $1::int) i", [UNPUBLISHED]);
  await sleep(2_000);
  const untouched = await scene.check();
  if (untouched.lost.length !== 2 * UNPUBLISHED || untouched.repeated.length > 0)
    faults.push("something was published before a person had decided");
  return { scene, old, pending: new Set([...pending, ...untouched.lost]), faults };
}

async function goOn(
  { scene, pending, faults }: Restored,
  republish: boolean,
): Promise<Omit<CaseOutcome, "faults"> & { faults: string[] }> {
  await scene.ask("select outbox_reset_checkpoint($1, $2)", [scene.slot, republish]);
  const from = performance.now();
  const load = scene.load({ rowsPerSecond: 300 });
  const recoveryMs = await scene.flowing(from);
  await sleep(1_000);
  await load.stop();
  await scene.caughtUp();
  return { check: await scene.check(republish ? {} : { optional: pending }), recoveryMs, faults };
}

export const restoreAdopted: ChaosCase = {
  name: "restore into a new cluster: nothing until a person decides; adopted",
  short: false,
  async run(context) {
    const state = await restored(context);
    const outcome = await goOn(state, false);
    const all = await state.scene.check();
    const missing = new Set(all.lost);
    if (![...state.pending].every((id) => missing.has(id)))
      outcome.faults.push("what was adopted as published was published");
    return outcome;
  },
};

export const restoreRepublished: ChaosCase = {
  name: "restore into a new cluster: nothing until a person decides; republished",
  short: false,
  async run(context) {
    const state = await restored(context);
    const { check, faults, ...outcome } = await goOn(state, true);
    const again = new Set(check.repeated);
    const missing = [...state.old].filter((id) => !again.has(id));
    if (missing.length > 0) faults.push(`${missing.length} old events were not published again`);
    return {
      ...outcome,
      faults,
      check: { ...check, repeated: check.repeated.filter((id) => !state.old.has(id)) },
    };
  },
};
