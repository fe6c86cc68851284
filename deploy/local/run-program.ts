import { type ExecFileOptions, execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Runs a program to its end and resolves with what it printed. Rejects when it fails, with what it printed on the error; and
 * when the signal aborts, which ends it: not before it has ended, unlike execFile's promise.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: Omit<ExecFileOptions, "encoding"> = {},
): Promise<{ stdout: string; stderr: string }> {
  const running = run(command, args, { ...options, encoding: "utf8" });
  const { child } = running;
  const closed = new Promise((resolve) => child.once("close", resolve)); // comes after an error as well
  try {
    return await running;
  } finally {
    await closed;
  }
}
