import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The OS user that Postgres runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Postgres refuses to run as root. Started by root (a container, CI) it gets the user `postgres`, which is made when the
 * system has none; started by anybody else it runs as that user: undefined.
 */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const found = await lookUp();
  if (found) return found;
  try {
    await run("useradd", [
      "--system",
      "--user-group",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      "postgres",
    ]);
  } catch (cause) {
    throw new Error("Postgres cannot run as root, and the user `postgres` could not be made with useradd", {
      cause,
    });
  }
  const made = await lookUp();
  if (!made)
    throw new Error("Postgres cannot run as root, and the user `postgres` that was just made is not found");
  return made;
}

async function lookUp(): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** Whether the account may pass through the directory and all that lead to it (or through those of them that exist). */
export async function canEnter(account: Account, directory: string): Promise<boolean> {
  for (let path = directory; ; path = dirname(path)) {
    const entry = await stat(path).catch(() => undefined);
    if (entry !== undefined) {
      const executeBit = entry.uid === account.uid ? 0o100 : entry.gid === account.gid ? 0o010 : 0o001;
      if ((entry.mode & executeBit) === 0) return false;
    }
    if (path === dirname(path)) return true;
  }
}
