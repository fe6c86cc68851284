import { expect, test } from "vitest";
import { aLetter } from "../../testing/cli-fakes.ts";
import { awaitLetters } from "./await-letters.ts";
import type { DeadLetterDesk, LetterProgress } from "./dead-letter-desk.ts";

/** A desk whose letters stand, at each look, as the next of `looks` says; the last one stays. */
function deskOf(looks: LetterProgress["state"][][]): Pick<DeadLetterDesk, "progress"> {
  let look = -1;
  return {
    async progress() {
      look = Math.min(look + 1, looks.length - 1);
      return (looks[look] ?? []).map((state, i) => ({
        id: `${i}`,
        state,
        reason: undefined,
        detail: undefined,
        nextRefused: undefined,
        waiting: 0,
      }));
    },
  };
}

async function run(looks: LetterProgress["state"][][], timeoutMs: number) {
  let clock = 0;
  const pending: number[] = [];
  const progress = await awaitLetters(deskOf(looks), [aLetter], {
    timeoutMs,
    intervalMs: 100,
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
    onProgress: (count) => pending.push(count),
  });
  return { states: progress.map(({ state }) => state), pending, waited: clock };
}

test("it waits until every letter is settled, and no longer", async () => {
  const looks: LetterProgress["state"][][] = [
    ["pending", "pending"],
    ["gone", "pending"],
    ["gone", "refused"],
  ];
  expect(await run(looks, 1_000)).toEqual({ states: ["gone", "refused"], pending: [2, 1], waited: 200 });
});

test("when time is up it tells how it stands then", async () => {
  expect(await run([["pending"]], 250)).toEqual({ states: ["pending"], pending: [1, 1, 1], waited: 250 });
});

test("without time it looks once", async () => {
  expect(await run([["pending"]], 0)).toEqual({ states: ["pending"], pending: [], waited: 0 });
});
