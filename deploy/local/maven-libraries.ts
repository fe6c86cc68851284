import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";

export interface MavenLibraries {
  /** Whose jars they are, in messages. */
  readonly name: string;
  /** Names them as its dependencies. */
  readonly pom: string;
  /** What Maven downloads. */
  readonly megabytes: number;
  /** The folders of jars are made in here. */
  readonly home: string;
}

/**
 * The folder with the jars as the pom names them; Maven fetches them once. A folder per content of the pom, put in place when
 * complete: neither a new version nor a broken download nor a second start is in the way.
 */
export async function fetchLibraries(
  { name, pom, megabytes, home }: MavenLibraries,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const libraries = await folderOfPom(pom, home);
  if (await exists(libraries)) return libraries;

  log(`fetching ${name} jars with Maven (${megabytes} MB, once)`);
  const unfinished = `${libraries}.${process.pid}`;
  await mkdir(home, { recursive: true });
  try {
    const flags = ["--batch-mode", "--quiet", "-f", pom, "dependency:copy-dependencies"];
    await runProgram("mvn", [...flags, "-DincludeScope=runtime", `-DoutputDirectory=${unfinished}`], {
      signal,
    });
    await rename(unfinished, libraries).catch(async (error) => {
      if (!(await exists(libraries))) throw error; // else another start was faster
    });
  } catch (cause) {
    const { stdout = "", code } = cause as { stdout?: string; code?: unknown };
    const reason =
      code === "ENOENT" ? "mvn is not installed (apt-get install maven)" : `Maven said:\n${stdout.trim()}`;
    throw new Error(`${name} jars could not be fetched: ${reason}`, { cause });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return libraries;
}

/** Whether Maven has nothing to do any more. */
export async function hasLibraries({ pom, home }: MavenLibraries): Promise<boolean> {
  return exists(await folderOfPom(pom, home));
}

async function folderOfPom(pom: string, home: string): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(pom))
    .digest("hex")
    .slice(0, 12);
  return join(home, version);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
