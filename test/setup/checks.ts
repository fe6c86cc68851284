import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(exec);

/**
 * Runs each script of package.json that is called check:<name> and shows it as a line, with its output when it failed;
 * returns the names of those that failed.
 */
export async function runChecks(root: string): Promise<string[]> {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const checks = Object.entries(scripts).filter(([name]) => name.startsWith("check:"));
  if (checks.length === 0) throw new Error("package.json names no check:… script");
  const failed: string[] = [];
  for (const [name, command] of checks) {
    const begin = Date.now();
    const output = await outputOfFailure(command, root);
    const seconds = ((Date.now() - begin) / 1000).toFixed(1);
    console.log(`${output === undefined ? "✓" : "✗"} ${name}: ${command} (${seconds} s)`);
    if (output !== undefined) {
      console.log(output);
      failed.push(name);
    }
  }
  return failed;
}

/** What the command printed, when it failed. */
async function outputOfFailure(command: string, root: string): Promise<string | undefined> {
  const path = `${join(root, "node_modules", ".bin")}:${process.env.PATH}`;
  try {
    await run(command, { cwd: root, env: { ...process.env, PATH: path }, maxBuffer: 64 * 1024 * 1024 });
    return undefined;
  } catch (error) {
    const {
      stdout = "",
      stderr = "",
      message,
    } = error as { stdout?: string; stderr?: string; message: string };
    return `${stdout}${stderr}`.trim() || message;
  }
}

if (import.meta.main) {
  const failed = await runChecks(join(import.meta.dirname, "..", ".."));
  process.exitCode = failed.length === 0 ? 0 : 1;
}
