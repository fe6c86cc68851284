import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { processEnvironment, type ServiceName } from "../../deploy/local/process-environment.ts";

export interface ServiceProcess {
  readonly pid: number;
  /** What it says of itself once it has started: the ports that it listens on. Rejects when it ends before that. */
  started(): Promise<Readonly<Record<string, number>>>;
  /** Sends the signal and resolves with the exit code, or null after a kill; also when it has ended before. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Waits until it ends by itself. */
  ended(): Promise<number | null>;
  /** What it wrote to stderr, past its log. */
  errors(): string;
}

/** A service in a process of its own, as `node services/<name>/main.ts` starts it, with these variables and no others of ours. */
export function spawnService(
  name: ServiceName,
  variables: Readonly<Record<string, string>>,
  onLog: (line: string) => void = printIfAsked,
): ServiceProcess {
  const main = fileURLToPath(new URL(`../../services/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...processEnvironment(name), ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const started = Promise.withResolvers<Readonly<Record<string, number>>>();
  started.promise.catch(() => {}); // not everybody waits for it
  let last = "";
  let errors = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = line;
    onLog(line);
    if (line.includes('"msg":"started"')) started.resolve(JSON.parse(line));
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const ended = once(child, "close").then(([code]): number | null => {
    started.reject(new Error(`${name} ended with ${code} before it had started: ${errors || last}`));
    return code;
  });
  return {
    // Without one, "error" rejects `ended`.
    pid: child.pid ?? 0,
    started: () => started.promise,
    end(signal) {
      child.kill(signal);
      return ended;
    },
    ended: () => ended,
    errors: () => errors,
  };
}

function printIfAsked(line: string): void {
  if (process.env.TEST_LOG_LEVEL) process.stdout.write(`${line}\n`);
}
