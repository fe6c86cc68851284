import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const checks: readonly Check[] = [
  { name: "format and lint (biome)", command: "biome", args: ["ci", "--colors=off"] },
  { name: "types (tsc)", command: "tsc", args: ["--pretty", "false"] },
  { name: "arrows between the layers (dependency-cruiser)", command: "depcruise", args: ["services"] },
  { name: "dead code (knip)", command: "knip", args: ["--no-progress"] },
  { name: "contracts: lint (buf)", command: "buf", args: ["lint"] },
  { name: "contracts: format (buf)", command: "buf", args: ["format", "--diff", "--exit-code"] },
  {
    name: "contracts: generated code is current (buf)",
    command: "node",
    args: ["test/setup/generated-code.ts"],
  },
];

/** Runs each check, shows it as a line, and its output when it failed; returns the names of those that failed. */
export async function runChecks(root: string): Promise<string[]> {
  const failed: string[] = [];
  for (const check of checks) {
    const begin = Date.now();
    const output = await outputOfFailure(check, root);
    const seconds = ((Date.now() - begin) / 1000).toFixed(1);
    console.log(`${output === undefined ? "✓" : "✗"} ${check.name} ${seconds} s`);
    if (output !== undefined) {
      console.log(output);
      failed.push(check.name);
    }
  }
  return failed;
}

async function outputOfFailure({ command, args }: Check, root: string): Promise<string | undefined> {
  const programs = join(root, "node_modules", ".bin");
  try {
    await run(join(programs, command), args, {
      cwd: root,
      env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
      maxBuffer: 64 * 1024 * 1024,
    });
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
