import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./run-program.ts";

const pom = fileURLToPath(new URL("kafka/pom.xml", import.meta.url));
const home = fileURLToPath(new URL("../../.local/kafka-libs", import.meta.url));

/**
 * The folder with the broker's jars as kafka/pom.xml names them; Maven fetches them once (10 s, 54 MB). A folder per content
 * of the pom, put in place when complete: neither a new version nor a broken download nor a second start is in the way.
 */
export async function kafkaLibraries(log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const libraries = await folderOfPom();
  if (await exists(libraries)) return libraries;

  log("fetching Kafka's jars with Maven (54 MB, once)");
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
    throw new Error(`Kafka's jars could not be fetched: ${reason}`, { cause });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return libraries;
}

/** Whether Maven has nothing to do any more. */
export async function hasKafkaLibraries(): Promise<boolean> {
  return exists(await folderOfPom());
}

async function folderOfPom(): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(pom))
    .digest("hex")
    .slice(0, 12);
  return join(home, version);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
