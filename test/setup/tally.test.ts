import { expect, test } from "vitest";
import { concludeRun, type RunOutcome } from "./tally.ts";

const good = { passed: 12, failed: 0, skipped: 0, unhandledErrors: 0 };

function conclude(change: Partial<RunOutcome>): { last: string | undefined; exitCode: number } {
  const { lines, exitCode } = concludeRun({ tally: good, vitestExitCode: 0, failedChecks: [], ...change });
  return { last: lines.at(-1), exitCode };
}

test("a run in which all is well ends with 0 failed and exit code 0", () => {
  expect(conclude({})).toEqual({ last: "12 passed, 0 failed", exitCode: 0 });
});

test.each<{ what: string; change: Partial<RunOutcome>; last: string }>([
  {
    what: "a failed test",
    change: { tally: { ...good, failed: 2 }, vitestExitCode: 1 },
    last: "12 passed, 2 failed",
  },
  {
    what: "an unhandled error",
    change: { tally: { ...good, unhandledErrors: 1 } },
    last: "12 passed, 1 failed",
  },
  {
    what: "a crash of vitest",
    change: { tally: undefined, vitestExitCode: 139 },
    last: "0 passed, 1 failed",
  },
  { what: "an early end of vitest", change: { tally: undefined }, last: "0 passed, 1 failed" },
  { what: "a run without tests", change: { tally: { ...good, passed: 0 } }, last: "0 passed, 1 failed" },
  { what: "a failed teardown", change: { vitestExitCode: 1 }, last: "12 passed, 1 failed" },
  { what: "a failed check", change: { failedChecks: ["tsc"] }, last: "12 passed, 1 failed" },
])("$what is counted as a failure and gives exit code 1", ({ change, last }) => {
  expect(conclude(change)).toEqual({ last, exitCode: 1 });
});

test("skipped tests are shown, and a run that skipped all of them fails", () => {
  expect(conclude({ tally: { ...good, skipped: 3 } }).last).toBe("12 passed, 0 failed, 3 skipped");
  expect(conclude({ tally: { ...good, passed: 0, skipped: 3 } })).toEqual({
    last: "0 passed, 1 failed, 3 skipped",
    exitCode: 1,
  });
});
