import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import type { Tally } from "./tally.ts";

/** Writes the run's tally as JSON to the file, for test/setup/run.ts; reports nothing when there is no file. */
export function createTallyReporter(file: string | undefined): Reporter {
  if (file === undefined) return {};
  return {
    onTestRunEnd(modules, unhandledErrors) {
      writeFileSync(file, JSON.stringify(tallyOf(modules, unhandledErrors.length)));
    },
  };
}

function tallyOf(modules: readonly TestModule[], unhandledErrors: number): Tally {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const module of modules) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const failedHere = states.filter((state) => state === "failed").length;
    passed += states.filter((state) => state === "passed").length;
    // A test that is still pending when the run ends was cut off: never a success.
    failed += failedHere + states.filter((state) => state === "pending").length;
    skipped += states.filter((state) => state === "skipped").length;
    if (failedHere === 0 && module.state() === "failed") failed += 1;
  }
  return { passed, failed, skipped, unhandledErrors };
}
