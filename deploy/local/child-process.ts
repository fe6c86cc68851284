import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readFileSync } from "node:fs";

export interface ProcessOptions {
  /** How messages name it, e.g. "Postgres". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The OS user it runs as; without one, ours. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** Takes stdout and stderr: a pipe to us would break the server when we die. */
  readonly logFile: string;
  /** What ends it cleanly; sent as well when this process dies without having stopped it (Linux). */
  readonly stopSignal: NodeJS.Signals;
}

export interface RunningProcess {
  readonly pid: number;
  /** Settles when the process has ended, with how: "exit code 1", "SIGKILL". */
  readonly exited: Promise<string>;
  /** How it ended, or undefined while it runs. */
  ending(): string | undefined;
  /** The last lines of its log file, for error messages. */
  lastOutput(): string;
  /** Sends the signal (default: its stop signal) and waits. What has not ended after `graceMs` is killed, and this throws. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

const setpriv = "/usr/bin/setpriv";

/**
 * Starts a server in a session of its own (Ctrl-C in our terminal must not reach it before we stop it in order).
 * Throws when the command cannot be run.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const log = openSync(options.logFile, "a");
  let child: ChildProcess;
  try {
    child = spawnIn(options, log);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) => {
        reject(new Error(`${options.name}: cannot run ${options.command}: ${cause.message}`, { cause }));
      });
    });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name}: ${options.command} has no process id`);

  let ending: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      ending = signal ?? `exit code ${code}`;
      resolve(ending);
    });
  });
  child.on("error", () => {}); // a signal that could not be sent: the wait for the end reports it

  return {
    pid,
    exited,
    ending: () => ending,
    lastOutput: () => readFileSync(options.logFile, "utf8").trimEnd().split("\n").slice(-20).join("\n"),
    async stop(signal = options.stopSignal, graceMs = 30_000) {
      if (ending !== undefined) return;
      child.kill(signal);
      let killed = false;
      const timer = setTimeout(() => {
        killed = child.kill("SIGKILL");
      }, graceMs);
      await exited;
      clearTimeout(timer);
      if (killed)
        throw new Error(`${options.name} had not ended ${graceMs / 1000} s after ${signal} and was killed`);
    },
  };
}

// setpriv (util-linux) replaces itself with the command, so the process id stays. The parent-death signal has to be set
// after the change of user, which would clear it; that is why setpriv does both.
function spawnIn(options: ProcessOptions, log: number): ChildProcess {
  const { command, args, account } = options;
  const spawnOptions = {
    stdio: ["ignore", log, log] as ["ignore", number, number],
    detached: true,
    cwd: options.cwd,
    env: options.env ?? process.env,
  };
  if (process.platform !== "linux" || !canExecute(setpriv)) {
    return spawn(command, args, { ...spawnOptions, ...account });
  }
  const wrapper = ["--pdeathsig", options.stopSignal.replace(/^SIG/, "")];
  if (account) wrapper.push(`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups");
  return spawn(setpriv, [...wrapper, "--", command, ...args], spawnOptions);
}

function canExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
