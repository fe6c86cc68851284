import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removePostgresData } from "./postgres-files.ts";

/** What tells the folder from any other one that DATA_FOLDER may name by mistake: only a folder that has it is removed. */
const MARK = "made-by-npm-start";
const HOLDER = "pid";

/** The names in the data folder. */
export const dataIn = (folder: string) => ({
  postgres: join(folder, "postgres"),
  kafka: join(folder, "kafka"),
  redis: join(folder, "redis"),
  prometheus: join(folder, "prometheus"),
  logs: join(folder, "logs"),
  tokens: join(folder, "tokens"),
  secrets: join(folder, "secrets"),
});

/** Makes the folder when it is missing. Throws when it holds something else. */
export async function makeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await assertOurs(folder)) === "empty") {
    await writeFile(join(folder, MARK), "`npm run reset` removes this folder.\n");
  }
}

/**
 * Makes the folder when it is missing, and holds it until `release` is called: two sets of servers on the same files would
 * destroy them. Throws when the folder holds something else, or another process holds it.
 */
export async function holdDataFolder(folder: string): Promise<{ release(): Promise<void> }> {
  await makeDataFolder(folder);
  await assertNotHeld(folder);
  const holder = join(folder, HOLDER);
  await writeFile(holder, `${process.pid}\n`);
  return { release: () => rm(holder, { force: true }) };
}

/** Removes the folder; false when there is none. Throws, and removes nothing, when it is not ours or in use. */
export async function removeDataFolder(folder: string): Promise<boolean> {
  if ((await assertOurs(folder)) === "missing") return false;
  await assertNotHeld(folder);
  await removePostgresData(dataIn(folder).postgres);
  await rm(folder, { recursive: true });
  return true;
}

async function assertOurs(folder: string): Promise<"missing" | "empty" | "ours"> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (names === undefined) return "missing";
  if (names.length === 0) return "empty";
  if (names.includes(MARK)) return "ours";
  throw new Error(`${folder} was not made by npm start: set DATA_FOLDER to another one`);
}

async function assertNotHeld(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, HOLDER), "utf8").catch(() => ""));
  if (!(pid > 0) || !isAlive(pid)) return; // nobody, or one that was killed
  throw new Error(
    `${folder} is in use by process ${pid}: stop that one, or choose another DATA_FOLDER and other ports ` +
      `(if that process is something else: rm ${join(folder, HOLDER)})`,
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
