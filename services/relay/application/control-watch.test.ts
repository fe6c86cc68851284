import { pino } from "pino";
import { expect, test } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { openControlWatch } from "./control-watch.ts";
import { NO_CONTROL, type RelayControl, type RelayControls } from "./relay-control.ts";
import { RelayError } from "./relay-error.ts";

const paused: RelayControl = { ...NO_CONTROL, revision: 1n, pause: { by: "ann@desk", reason: undefined } };

/** Controls that answer with `row`, or fail with `fault`. */
function scripted() {
  const state = {
    row: NO_CONTROL,
    fault: undefined as Error | undefined,
    followed: [] as bigint[],
    asked: 0,
  };
  const answer = async () => {
    state.asked += 1;
    if (state.fault) throw state.fault;
    return state.row;
  };
  const controls: RelayControls = {
    begin: answer,
    read: answer,
    async noteFollowed(revision) {
      await answer();
      state.followed.push(revision);
    },
  };
  return { state, controls };
}

async function watching(work: (parts: ReturnType<typeof scripted>, watch: Watch) => Promise<void>) {
  const parts = scripted();
  const watch = await open(parts.controls);
  const over = new AbortController();
  const running = watch.run(over.signal);
  await work(parts, watch);
  over.abort();
  await running;
}

const open = (controls: RelayControls, lines: string[] = []) =>
  openControlWatch({
    controls,
    configured: "auto",
    epoch: 1n,
    intervalMs: 1,
    log: pino({ level: "error" }, { write: (line) => void lines.push(line) }),
  });
type Watch = Awaited<ReturnType<typeof open>>;

test("another revision aborts what was begun under the one before, and only that", async () => {
  await watching(async ({ state }, watch) => {
    const before = watch.changed;
    state.row = paused;
    await eventually(() => expect(before.aborted).toBe(true));
    expect(watch.current).toEqual(paused);
    expect(watch.changed.aborted).toBe(false);
  });
});

test("while it cannot be read the relay goes on as it was told", async () => {
  await watching(async ({ state }, watch) => {
    state.row = paused;
    await eventually(() => expect(watch.current).toEqual(paused));
    const { changed } = watch;
    state.fault = new Error("the database is away");
    state.row = { ...NO_CONTROL, revision: 2n };
    const { asked } = state;
    await eventually(() => expect(state.asked).toBeGreaterThan(asked + 3));
    expect(watch.current).toEqual(paused);
    expect(changed.aborted).toBe(false);
    state.fault = undefined;
    await eventually(() => expect(watch.current.pause).toBeUndefined());
  });
});

test("whoever waits is told once, when the relay acts by it, and not before", async () => {
  await watching(async ({ state }, watch) => {
    state.row = paused;
    await eventually(() => expect(watch.current).toEqual(paused));
    expect(state.followed).toEqual([]);
    watch.follow();
    await eventually(() => expect(state.followed).toEqual([1n]));
    state.row = { ...paused, revision: 2n };
    await eventually(() => expect(watch.current.revision).toBe(2n));
    watch.follow();
    await eventually(() => expect(state.followed).toEqual([1n, 2n]));
  });
});

test("a leader that cannot know whether it is paused does not begin; where nobody can pause it, it does", async () => {
  const { state, controls } = scripted();
  state.fault = new Error("the database is away");
  await expect(open(controls)).rejects.toThrow("the database is away");
  state.fault = new RelayError("MIGRATION_MISSING", "migration 0005 is missing");
  const lines: string[] = [];
  expect((await open(controls, lines)).current).toEqual(NO_CONTROL);
  expect(lines).toEqual([expect.stringMatching(/migration 0005 is missing.*can be neither paused nor/)]);
});
