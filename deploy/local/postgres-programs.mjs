// Runs under any Node from 18 on, with nothing installed.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Where a program of Postgres' server packages is, or undefined. Debian's are found in their own folder, newest first: what it has on the
 * path is a wrapper that chooses the version by the clusters of the machine.
 * @param {"pgbench" | "pg_recvlogical"} name
 * @param {string} debianFolder
 * @returns {string | undefined}
 */
export function findPostgresProgram(name, debianFolder = "/usr/lib/postgresql") {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder) : [];
  const folders = [
    ...versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debianFolder, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

/**
 * The same, for who cannot go on without it.
 * @param {"pgbench" | "pg_recvlogical"} name
 * @returns {string}
 * @throws Error when it is missing
 */
export function postgresProgram(name) {
  const program = findPostgresProgram(name);
  if (program === undefined)
    throw new Error(`${name} is missing: deploy/local/system-packages.mjs installs it`);
  return program;
}
