import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const VERSION = "4.32.5";
const folder = join(import.meta.dirname, `../../node_modules/.cache/schemathesis-${VERSION}`);

/** Returns the program's path; makes a virtual environment of its own for it the first time. */
export async function installSchemathesis(log: (line: string) => void): Promise<string> {
  const program = join(folder, "bin", "schemathesis");
  if (existsSync(program)) return program;
  log(`installing schemathesis ${VERSION} from PyPI (once)`);
  try {
    await run("python3", ["-m", "venv", "--clear", folder]);
    await run(join(folder, "bin", "pip"), ["install", "--quiet", `schemathesis==${VERSION}`]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return program;
}
