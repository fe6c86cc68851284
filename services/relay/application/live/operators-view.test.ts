import { pino } from "pino";
import { expect, test } from "vitest";
import type { HistoryLine } from "../operations/history-desk.ts";
import { createOperatorsView } from "./operators-view.ts";

test("the history is read at most every two seconds, and what was read stays when Postgres does not answer", async () => {
  let now = 0;
  let answer = async (): Promise<HistoryLine[]> => [];
  let reads = 0;
  const view = createOperatorsView({
    history: {
      recent() {
        reads++;
        return answer();
      },
    },
    control: {
      standing: async () => ({
        pause: { by: "ann@ops", at: new Date(0), reason: undefined },
        override: undefined,
        configured: undefined,
        actual: undefined,
        isLed: true,
        isFollowed: true,
      }),
    },
    log: pino({ level: "silent" }),
    elapsed: () => now,
  });
  expect(view.history).toBeUndefined();
  await Promise.all([view.refresh(), view.refresh()]);
  await view.refresh();
  expect([reads, view.history, view.pause?.by]).toEqual([1, [], "ann@ops"]);
  now += 2_000;
  answer = () => Promise.reject(new Error("timeout"));
  await view.refresh();
  expect([reads, view.history, view.pause?.by]).toEqual([2, [], "ann@ops"]);
});
