/** What a run of vitest came to. */
export interface Tally {
  readonly passed: number;
  /** Failed tests, and test files that failed without a failed test (they could not be loaded, or a hook threw). */
  readonly failed: number;
  readonly skipped: number;
  /** Errors outside any test. */
  readonly unhandledErrors: number;
}

export interface RunOutcome {
  /** Undefined when vitest did not come to its end. */
  readonly tally: Tally | undefined;
  readonly vitestExitCode: number;
  readonly failedChecks: readonly string[];
}

/**
 * The last lines of a run and its exit code. "0 failed" and exit code 0 come only together, and only when at least one test
 * passed: everything else that went wrong counts as a failure and is named in a line of its own above.
 */
export function concludeRun({ tally, vitestExitCode, failedChecks }: RunOutcome): {
  lines: string[];
  exitCode: number;
} {
  const lines: string[] = [];
  const { passed, failed, skipped, unhandledErrors } = tally ?? {
    passed: 0,
    failed: 0,
    skipped: 0,
    unhandledErrors: 0,
  };
  let failures = failed + unhandledErrors;

  if (unhandledErrors > 0) lines.push(`${unhandledErrors} errors outside the tests count as failures`);
  if (tally === undefined) {
    lines.push(`vitest ended before its summary (exit code ${vitestExitCode}): counted as a failure`);
    failures += 1;
  } else if (passed + failed === 0) {
    lines.push("no test was run: counted as a failure");
    failures += 1;
  } else if (vitestExitCode !== 0 && failures === 0) {
    lines.push(`vitest ended with exit code ${vitestExitCode} though no test failed: counted as a failure`);
    failures += 1;
  }
  if (failedChecks.length > 0) {
    lines.push(`failed checks count as failures: ${failedChecks.join(", ")}`);
    failures += failedChecks.length;
  }

  lines.push(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return { lines, exitCode: failures > 0 ? 1 : 0 };
}
