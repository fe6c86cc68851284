import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const cli = fileURLToPath(new URL("../cli.ts", import.meta.url));

export interface StartedCli {
  end(signal: NodeJS.Signals): void;
  readonly ended: Promise<CliRun>;
}

/** The CLI in a process of its own, with these variables and no others; nobody is at its stdin. */
export function runRelayCli(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<CliRun> {
  return startRelayCli(args, variables).ended;
}

export function startRelayCli(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): StartedCli {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([exitCode]) => ({ exitCode, stdout, stderr }));
  return { ended, end: (signal) => void child.kill(signal) };
}
