import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { runChecks } from "./checks.ts";
import { concludeRun, type Tally } from "./tally.ts";

/** `npm test`: the checks, then vitest with the arguments given here, then one line that sums up. */
const root = join(import.meta.dirname, "..", "..");
const failedChecks = await runChecks(root);
const { tally, exitCode: vitestExitCode } = await runVitest(process.argv.slice(2));
const { lines, exitCode } = concludeRun({ tally, vitestExitCode, failedChecks });
process.exitCode = exitCode;
for (const line of lines) console.log(line);

async function runVitest(args: readonly string[]): Promise<{ tally: Tally | undefined; exitCode: number }> {
  // Every temporary file of the run lies in here, so that a run that was cut short leaves none behind.
  const folder = mkdtempSync(join(tmpdir(), "outbox-orders-run-"));
  chmodSync(folder, 0o711); // Postgres may run as another user, who has to pass through
  const file = join(folder, "tally.json");
  // Ctrl-C reaches vitest as well, which then stops its servers: this process has to outlive it.
  process.on("SIGINT", () => {});
  try {
    const programs = join(root, "node_modules", ".bin");
    const vitest = spawn(join(programs, "vitest"), ["run", ...args], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: `${programs}:${process.env.PATH}`, TMPDIR: folder, TEST_TALLY_FILE: file },
    });
    const [code, signal] = (await once(vitest, "exit")) as [number | null, NodeJS.Signals | null];
    return { tally: readTally(file), exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) };
  } finally {
    // Again, should a server that lost its parent still be writing.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

function readTally(file: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // vitest did not get as far as writing it
  }
}
